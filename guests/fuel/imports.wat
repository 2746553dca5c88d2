;; Host calls at every kind of place: the host function sees the counter with its own call included.
(module
  (import "host" "call" (func $host (param i32) (result i32)))
  (import "host" "stop" (func $stop (param i32)))
  (type $f (func (param i32) (result i32)))
  (table 2 funcref)
  (elem (i32.const 0) $host $wrapped)
  (func $wrapped (type $f) local.get 0  i32.const 1  i32.add  call $host)

  (func (export "loop") (param $n i32) (result i32) (local $i i32) (local $sum i32)
    loop $again
      local.get $sum
      local.get $i  call $host
      i32.add  local.set $sum
      local.get $i  i32.const 2  i32.rem_u
      if
        local.get $i  call $host  drop
      end
      local.get $i  i32.const 1  i32.add  local.tee $i
      local.get $n  i32.lt_u  br_if $again
    end
    local.get $sum)

  (func (export "through") (param $n i32) (result i32)
    local.get $n  i32.const 0  call_indirect (type $f)
    local.get $n  i32.const 1  call_indirect (type $f)
    i32.add
    local.get $n  call $wrapped
    i32.add)

  (func $descend (export "descend") (param $n i32) (result i32)
    local.get $n  i32.eqz
    if
      i32.const 0  call $host  return
    end
    i32.const 10
    local.get $n  i32.const 1  i32.sub  call $descend
    i32.add
    local.get $n  call $host
    i32.add)

  ;; Exits from the middle of nested blocks: what follows is not counted.
  (func (export "exit") (param $n i32) (result i32) (local $i i32)
    loop $again
      local.get $i  i32.const 1  i32.add  local.tee $i
      local.get $n  i32.eq
      if
        local.get $i  call $stop
      end
      local.get $i  i32.const 50  i32.lt_u  br_if $again
    end
    local.get $i)
)
