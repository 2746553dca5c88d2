;; Both arms start from the same pending count; the second pays the difference to the first.
(module (func (param i32) (result i32) local.get 0 (if (result i32) (then i32.const 1) (else i32.const 1 i32.const 2 i32.add))))
;; becomes
(func (;7;) (type 1) (param i32 i64 i32) (result i32 i64)
  local.get 0
  if (result i32)  ;; label = @1
    i32.const 1
  else
    i32.const 1
    i32.const 2
    i32.add
    local.get 1
    i64.const 2
    i64.add
    local.set 1
  end
  local.get 1
  i64.const 4
  i64.add)
