;; Exceptions in their standard form: thrown here, thrown below, caught with values, rethrown as a reference.
(module
  (tag $number (param i32))
  (tag $empty)

  (func $throw_if_odd (param $n i32) (result i32)
    local.get $n  i32.const 1  i32.and
    if
      local.get $n  throw $number
    end
    local.get $n)

  (func (export "local") (param $n i32) (result i32)
    block $caught (result i32)
      try_table (result i32) (catch $number $caught)
        i32.const 1  i32.const 2  i32.add  drop
        local.get $n  throw $number
      end
    end
    i32.const 1  i32.add)

  (func (export "below") (param $n i32) (result i32) (local $i i32) (local $sum i32)
    loop $again
      block $caught (result i32)
        try_table (result i32) (catch $number $caught)
          local.get $i  call $throw_if_odd
        end
        i32.const 100  i32.add
      end
      local.get $sum  i32.add  local.set $sum
      local.get $i  i32.const 1  i32.add  local.tee $i
      local.get $n  i32.lt_u  br_if $again
    end
    local.get $sum)

  (func (export "all") (param $n i32) (result i32)
    block $other
      block $mine (result i32)
        try_table (catch $number $mine) (catch_all $other)
          local.get $n
          if
            throw $empty
          end
          i32.const 5  throw $number
        end
        unreachable
      end
      return
    end
    i32.const 9)
)
