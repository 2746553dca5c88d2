;; SIMD: one per operator, lanes or not.
(module
  (memory 1)
  (func (export "lanes") (param $n i32) (result i32) (local $v v128) (local $i i32)
    v128.const i32x4 1 2 3 4  local.set $v
    loop $again
      local.get $v  local.get $i  i32x4.splat  i32x4.add
      local.get $v  i8x16.shuffle 3 2 1 0 7 6 5 4 11 10 9 8 15 14 13 12
      local.set $v
      i32.const 16  local.get $v  v128.store
      i32.const 20  local.get $v  v128.load32_lane 2  local.set $v
      local.get $i  i32.const 1  i32.add  local.tee $i
      local.get $n  i32.lt_u  br_if $again
    end
    local.get $v  v128.any_true
    if (result i32)
      local.get $v  i32x4.extract_lane 1
    else
      i32.const 0
    end)
)
