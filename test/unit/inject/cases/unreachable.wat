;; The trap leaves the exact counter behind.
(module (func i32.const 1 drop unreachable))
;; becomes
(func (;7;) (type 1) (param i64 i32) (result i64)
  i32.const 1
  drop
  local.get 0
  i64.const 2
  i64.add
  global.set 0
  unreachable)
