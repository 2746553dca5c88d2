;; A conditional branch out of the function needs a block around the body.
(module (func (param i32) local.get 0 br_if 0 i32.const 1 local.set 0))
;; becomes
(func (;7;) (type 1) (param i32 i64 i32) (result i64)
  block  ;; label = @1
    local.get 0
    br_if 0 (;@1;)
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
