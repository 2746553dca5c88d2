;; Arithmetic is left alone until the bits reach memory.
(module (memory 1) (func (param f64 f64) (local f64) local.get 0 local.get 1 f64.mul local.set 2 i32.const 0 local.get 2 local.get 0 f64.add f64.store))
;; becomes
(func (;7;) (type 1) (param f64 f64 i64 i32) (result i64)
  (local f64 f64)
  local.get 0
  local.get 1
  f64.mul
  local.set 4
  i32.const 0
  local.get 4
  local.get 0
  f64.add
  local.tee 5
  local.get 5
  f64.ge
  if  ;; label = @1
  else
    f64.const nan (;=nan;)
    local.set 5
  end
  local.get 5
  f64.store
  local.get 2
  i64.const 10
  i64.add)
