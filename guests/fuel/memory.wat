;; Memory: loads and stores of every width, bulk operations (1 each, whatever their length), growth up to the limit.
(module
  (memory 1 4)
  (data (i32.const 16) "active segment")
  (data $passive "passive segment")

  (func (export "widths") (param $at i32) (result i64)
    local.get $at  i64.const -2  i64.store
    local.get $at  i32.const 77  i32.store8 offset=3
    local.get $at  i32.const 777  i32.store16 offset=5
    local.get $at  i64.const 5  i64.store32 offset=8
    local.get $at  i32.load8_s  i64.extend_i32_s
    local.get $at  i64.load16_u offset=2  i64.add
    local.get $at  i64.load32_s offset=4  i64.add
    local.get $at  f32.load  f64.promote_f32  local.get $at  f64.load  f64.lt  i64.extend_i32_u  i64.add)

  (func (export "bulk") (param $n i32) (result i32)
    i32.const 1024  i32.const 170  local.get $n  memory.fill
    i32.const 4096  i32.const 1024  local.get $n  memory.copy
    i32.const 64  i32.const 2  i32.const 6  memory.init $passive
    data.drop $passive
    i32.const 0  i32.const 0  i32.const 0  memory.init $passive
    i32.const 4096  i32.load)

  (func (export "grow") (param $n i32) (result i32) (local $last i32)
    loop $again
      i32.const 1  memory.grow  local.set $last
      local.get $n  i32.const 1  i32.sub  local.tee $n
      br_if $again
    end
    local.get $last  memory.size  i32.const 16  i32.shl  i32.add)
)
