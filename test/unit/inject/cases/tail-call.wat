;; The callee gets the depth that this function was entered with.
(module (func $f (param i32) local.get 0 i32.const 1 i32.sub return_call $f))
;; becomes
(func (;7;) (type 1) (param i32 i64 i32) (result i64)
  (local i32)
  local.get 2
  local.set 3
  block  ;; label = @1
    local.get 2
    i32.const 11
    i32.sub
    local.tee 2
    i32.const 0
    i32.lt_s
    br_if 0 (;@1;)
    local.get 1
    i64.const -1
    i64.ge_s
    br_if 0 (;@1;)
    local.get 0
    i32.const 1
    i32.sub
    local.get 1
    i64.const 5
    i64.add
    local.get 3
    return_call 7
    return
  end
  local.get 0
  local.get 1
  local.get 2
  i32.const 11
  i32.const 0
  call 10
  return)
