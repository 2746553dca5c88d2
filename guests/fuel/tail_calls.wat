;; Tail calls: self, mutual, indirect, and out of nested blocks; the depth stays constant.
(module
  (type $step (func (param i32 i32) (result i32)))
  (table 2 funcref)
  (elem (i32.const 0) $sum $finish)

  (func $sum (export "sum") (param $n i32) (param $total i32) (result i32)
    local.get $n  i32.eqz
    if
      local.get $n  local.get $total  i32.const 1  return_call_indirect (type $step)
    end
    local.get $n  i32.const 1  i32.sub
    local.get $total  local.get $n  i32.add
    return_call $sum)
  (func $finish (type $step) local.get 1  i32.const 1000  i32.add)

  (func (export "even") (param $n i32) (result i32) local.get $n  return_call $even)
  (func $even (param $n i32) (result i32)
    loop (result i32)
      local.get $n  i32.eqz
      if
        i32.const 1  return
      end
      local.get $n  i32.const 1  i32.sub  return_call $odd
    end)
  (func $odd (param $n i32) (result i32)
    local.get $n  i32.eqz
    if
      i32.const 0  return
    end
    local.get $n  i32.const 1  i32.sub  return_call $even)
)
