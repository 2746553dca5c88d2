;; Tables and references: get, set, grow, fill, copy, init, null tests.
(module
  (table $a 8 16 funcref)
  (table $b 4 externref)
  (elem $e funcref (ref.func $one) (ref.null func) (ref.func $two))
  (elem declare func $one)
  (func $one (result i32) i32.const 1)
  (func $two (result i32) i32.const 2)

  (func (export "run") (param $n i32) (result i32)
    (local $f funcref)
    i32.const 0  i32.const 0  i32.const 3  table.init $a $e
    elem.drop $e
    i32.const 4  i32.const 0  i32.const 3  table.copy $a $a
    i32.const 3  ref.func $one  i32.const 1  table.fill $a
    i32.const 4  table.get $a  local.set $f
    i32.const 7  local.get $f  table.set $a
    i32.const 7  call_indirect $a (result i32)
    i32.const 6  call_indirect $a (result i32)
    i32.add
    i32.const 5  table.get $a  ref.is_null
    i32.add
    ref.null func  local.get $n  table.grow $a
    i32.add
    ref.null extern  i32.const 1  table.grow $b
    i32.add
    table.size $a
    i32.add
    table.size $b
    i32.add)
)
