(module
  (memory 1)
  ;; $both holds a payload that memory has, then a result whose NaN could be any: a copy would show.
  (func (param $at i32) (result f64) (local $both f64) (local $sum f64)
    (local.set $both (f64.load (local.get $at)))
    (local.set $sum (f64.add (local.get $sum) (local.get $both)))
    (local.set $both (f64.mul (local.get $sum) (f64.const 3)))
    (local.set $sum (f64.sub (local.get $sum) (f64.abs (local.get $both))))
    (f64.store (local.get $at) (local.get $both))
    (local.get $sum)))
;; becomes
(func (;7;) (type 1) (param i32 i64 i32) (result f64 i64)
  (local f64 f64 f64)
  local.get 0
  f64.load
  local.set 3
  local.get 4
  local.get 3
  f64.add
  local.set 4
  local.get 4
  f64.const 0x1.8p+1 (;=3;)
  f64.mul
  local.tee 5
  local.get 5
  f64.ge
  if  ;; label = @1
  else
    f64.const nan (;=nan;)
    local.set 5
  end
  local.get 5
  local.set 3
  local.get 4
  local.get 3
  f64.abs
  f64.sub
  local.set 4
  local.get 0
  local.get 3
  f64.store
  local.get 4
  local.get 4
  f64.ge
  if  ;; label = @1
  else
    f64.const nan (;=nan;)
    local.set 4
  end
  local.get 4
  local.get 1
  i64.const 21
  i64.add)
