;; Values that were only moved keep their bits; where they meet arithmetic in a local, the arithmetic is fixed.
(module (memory 1) (func (param f64) (local f64) local.get 0 local.set 1 local.get 0 local.get 0 f64.add local.set 1 i32.const 0 local.get 1 f64.store))
;; becomes
(func (;7;) (type 1) (param f64 i64 i32) (result i64)
  (local f64 f64)
  local.get 0
  local.set 3
  local.get 0
  local.get 0
  f64.add
  local.tee 4
  local.get 4
  f64.ge
  if  ;; label = @1
  else
    f64.const nan (;=nan;)
    local.set 4
  end
  local.get 4
  local.set 3
  i32.const 0
  local.get 3
  f64.store
  local.get 1
  i64.const 10
  i64.add)
