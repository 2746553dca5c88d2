;; The table index waits in a temporary while counter and depth are put behind the arguments.
(module (table 1 funcref) (type $t (func (param i32) (result i32))) (func (param i32) (result i32) local.get 0 i32.const 0 call_indirect (type $t)))
;; becomes
(func (;7;) (type 1) (param i32 i64 i32) (result i32 i64)
  (local i32)
  local.get 0
  i32.const 0
  local.set 3
  local.get 1
  i64.const 4
  i64.add
  local.get 2
  local.get 3
  call_indirect (type 1)
  local.tee 1)
