;; Nothing is charged on the way: what is pending leaves with the result.
(module (func (param i32) (result i32) local.get 0 i32.const 1 i32.add nop))
;; becomes
(func (;7;) (type 1) (param i32 i64 i32) (result i32 i64)
  local.get 0
  i32.const 1
  i32.add
  nop
  local.get 1
  i64.const 4
  i64.add)
