;; Traps. Each function traps in its own operator when $x is 0 and in `unreachable`, which costs nothing, when it is 1: the
;; counter is the same. Wasmtime keeps its fuel exact at `unreachable` only, so the golden counts come from $x = 1.
(module
  (memory 1)
  (type $void (func))
  (table 2 funcref)
  (elem (i32.const 1) $nothing)
  (func $nothing)

  (func (export "divide") (param $x i32)
    i32.const 5  drop
    i32.const 1  local.get $x  i32.div_u  drop
    unreachable)
  (func (export "overflow") (param $x i32)
    i32.const 0x80000000  local.get $x  i32.const 1  i32.shl  i32.const 1  i32.sub  i32.div_s  drop
    unreachable)
  (func (export "convert") (param $x i32)
    f64.const 1e10  f64.const 1  local.get $x  f64.convert_i32_u  f64.sub  f64.mul  i32.trunc_f64_s  drop
    unreachable)
  (func (export "load") (param $x i32)
    i32.const 65535  local.get $x  i32.const 3  i32.mul  i32.sub  i32.load  drop
    unreachable)
  (func (export "store") (param $x i32)
    i32.const 65535  local.get $x  i32.sub  i32.const 9  i32.store16
    unreachable)
  (func (export "fill") (param $x i32)
    i32.const 0  i32.const 1  i32.const 65537  local.get $x  i32.sub  memory.fill
    unreachable)
  (func (export "nested") (param $x i32)
    loop
      block
        i32.const 1
        if
          i32.const 7  local.get $x  i32.rem_u  drop
          unreachable
        end
      end
    end)
)
