;; The second branch to the label has more pending than the first: both ways pay, and what follows owes that much less.
(module (func (param i32) (block $out local.get 0 br_if $out local.get 0 i32.const 2 i32.and br_if $out i32.const 1 local.set 0)))
;; becomes
(func (;7;) (type 1) (param i32 i64 i32) (result i64)
  block  ;; label = @1
    local.get 0
    br_if 0 (;@1;)
    local.get 0
    i32.const 2
    i32.and
    local.get 1
    i64.const 4
    i64.add
    local.set 1
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
