;; A label with a value: the difference is paid before the branch, the fall-through owes it.
(module (func (param i32) (result i32) (block $out (result i32) i32.const 1 local.get 0 br_if $out drop i32.const 1 i32.const 2 i32.add local.get 0 br_if $out)))
;; becomes
(func (;7;) (type 1) (param i32 i64 i32) (result i32 i64)
  block (result i32)  ;; label = @1
    i32.const 1
    local.get 0
    br_if 0 (;@1;)
    drop
    i32.const 1
    i32.const 2
    i32.add
    local.get 0
    local.get 1
    i64.const 5
    i64.add
    local.set 1
    br_if 0 (;@1;)
  end
  local.get 1
  i64.const 4
  i64.add)
