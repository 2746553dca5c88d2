;; The edge around the arm fixes the potential, so only the arm pays.
(module (func (param i32) local.get 0 (if (then i32.const 1 local.set 0))))
;; becomes
(func (;7;) (type 1) (param i32 i64 i32) (result i64)
  local.get 0
  if  ;; label = @1
    i32.const 1
    local.set 0
    local.get 1
    i64.const 2
    i64.add
    local.set 1
  end
  local.get 1
  i64.const 3
  i64.add)
