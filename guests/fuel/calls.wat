;; Calls: recursion, mutual recursion, call_indirect through several types, operands pending below a call.
(module
  (type $unary (func (param i32) (result i32)))
  (type $binary (func (param i32 i32) (result i32)))
  (type $mixed (func (param i64 f64) (result f32)))
  (table 4 funcref)
  (elem (i32.const 0) $double $square $subtract $mix)

  (func $double (type $unary) local.get 0  local.get 0  i32.add)
  (func $square (type $unary) local.get 0  local.get 0  i32.mul)
  (func $subtract (type $binary) local.get 0  local.get 1  i32.sub)
  (func $mix (type $mixed) local.get 0  f64.convert_i64_s  local.get 1  f64.add  f32.demote_f64)

  (func $fib (export "fib") (param $n i32) (result i32)
    local.get $n  i32.const 2  i32.lt_u
    if
      local.get $n  return
    end
    local.get $n  i32.const 1  i32.sub  call $fib
    local.get $n  i32.const 2  i32.sub  call $fib
    i32.add)

  (func $even (export "even") (param $n i32) (result i32)
    local.get $n  i32.eqz
    if (result i32)
      i32.const 1
    else
      local.get $n  i32.const 1  i32.sub  call $odd
    end)
  (func $odd (param $n i32) (result i32)
    local.get $n
    if (result i32)
      local.get $n  i32.const 1  i32.sub  call $even
    else
      i32.const 0
    end)

  (func (export "indirect") (param $n i32) (result i32) (local $i i32) (local $x i32)
    i32.const 3  local.set $x
    loop $again
      local.get $x
      local.get $i  i32.const 1  i32.and  call_indirect (type $unary)
      local.get $i
      i32.const 2  call_indirect (type $binary)
      local.set $x
      local.get $i  i32.const 1  i32.add  local.tee $i
      local.get $n  i32.lt_u  br_if $again
    end
    local.get $x
    i64.const 5  f64.const 0.25  i32.const 3  call_indirect (type $mixed)
    i32.trunc_sat_f32_s
    i32.add)

  ;; 1 + (2 + (n * double(square(n) - n))) with everything to the left still on the stack at each call.
  (func (export "pending") (param $n i32) (result i32)
    i32.const 1
    i32.const 2
    local.get $n
    block (param i32) (result i32)
      local.get $n  call $square
      local.get $n  i32.sub
      call $double
      i32.mul
    end
    i32.add
    i32.add)

  (func $many (param i32 i64 f32 f64 i32 i64 i32 i32) (result i32 i64)
    local.get 0  local.get 4  i32.add  local.get 6  i32.add  local.get 7  i32.add
    local.get 1  local.get 5  i64.add)
  (func (export "multi") (param $n i32) (result i32) (local $wide i64)
    local.get $n  i64.const 2  f32.const 3  f64.const 4  i32.const 5  i64.const 6  i32.const 7  i32.const 8
    call $many
    local.set $wide
    local.get $wide  i32.wrap_i64
    i32.add
    local.get $n  i32.const 9
    call $swap
    i32.sub
    i32.add)
  (func $swap (param i32 i32) (result i32 i32)
    local.get 1  local.get 0
    block $b (param i32 i32) (result i32 i32)
      local.get 0  br_if $b
      local.set 0  local.set 1  local.get 0  local.get 1
    end)
)
