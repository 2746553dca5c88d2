;; Loops: counted, nested, with parameters and results, left from several levels, never entered twice.
(module
  (func (export "count") (param $n i32) (result i32) (local $i i32)
    loop $again
      local.get $i  i32.const 1  i32.add  local.tee $i
      local.get $n  i32.lt_u  br_if $again
    end
    local.get $i)

  (func (export "nested") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $sum i32)
    loop $outer
      i32.const 0  local.set $j
      block $done
        loop $inner
          local.get $j  local.get $i  i32.ge_u  br_if $done
          local.get $j  i32.const 3  i32.rem_u
          if
            local.get $sum  local.get $j  i32.add  local.set $sum
          end
          local.get $j  i32.const 1  i32.add  local.set $j
          br $inner
        end
      end
      local.get $i  i32.const 1  i32.add  local.tee $i
      local.get $n  i32.lt_u  br_if $outer
    end
    local.get $sum)

  ;; The loop's parameters travel on the operand stack: Euclid's algorithm.
  (func (export "gcd") (param $a i32) (param $b i32) (result i32) (local $t i32)
    local.get $a  local.get $b
    loop $next (param i32 i32) (result i32)
      local.tee $t
      i32.eqz
      if (param i32) (result i32)
      else
        local.get $t  local.set $b
        local.get $t  i32.rem_u  local.set $a
        local.get $b  local.get $a
        br $next
      end
    end)

  ;; Three ways out of two loops, each with another amount of work behind it.
  (func (export "leave") (param $n i32) (result i32) (local $i i32)
    block $far (result i32)
      block $near
        loop $outer
          loop $inner
            local.get $i  i32.const 1  i32.add  local.tee $i
            i32.const 7  i32.eq  local.get $n  i32.const 7  i32.eq  i32.and
            br_if $near
            local.get $i  local.get $i  i32.const 20  i32.gt_u  br_if $far  drop
            local.get $i  i32.const 4  i32.and  br_if $inner
          end
          local.get $i  local.get $n  i32.lt_u  br_if $outer
        end
        i32.const 100  return
      end
      i32.const 200
      i32.const 1
      i32.add
    end
    i32.const 5
    i32.add)

  ;; A loop whose body is left at once, and one whose end is reached without a branch.
  (func (export "straight") (param $n i32) (result i32)
    loop $once (result i32)
      loop  nop  end
      local.get $n
      i32.const 3
      i32.mul
    end)
)
