;; A return hands the exact counter over; what cannot be reached is left out.
(module (func (param i32) (result i32) local.get 0 (if (then i32.const 7 return i32.const 1 drop)) i32.const 8))
;; becomes
(func (;7;) (type 1) (param i32 i64 i32) (result i32 i64)
  local.get 0
  if  ;; label = @1
    i32.const 7
    local.get 1
    i64.const 4
    i64.add
    return
  end
  i32.const 8
  local.get 1
  i64.const 4
  i64.add)
