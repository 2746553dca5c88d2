;; Vectors: lane by lane, in the shape of the operator.
(module (memory 1) (func (param v128) i32.const 0 local.get 0 local.get 0 f32x4.add v128.store))
;; becomes
(func (;7;) (type 1) (param v128 i64 i32) (result i64)
  (local v128)
  i32.const 0
  local.get 0
  local.get 0
  f32x4.add
  local.tee 3
  v128.const i32x4 0x7fc00000 0x7fc00000 0x7fc00000 0x7fc00000
  local.get 3
  local.get 3
  f32x4.eq
  v128.bitselect
  v128.store
  local.get 1
  i64.const 6
  i64.add)
