;; Growing goes through a function that knows the limits.
(module (memory 1) (func (result i32) i32.const 1 memory.grow))
;; becomes
(func (;7;) (type 1) (param i64 i32) (result i32 i64)
  i32.const 1
  call 9
  local.get 0
  i64.const 3
  i64.add)
