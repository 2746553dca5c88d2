;; Branches: if with and without else, br_if with values, br_table to blocks and loops, select, dead code.
(module
  (func (export "arms") (param $n i32) (result i32)
    local.get $n  i32.const 2  i32.rem_u
    if (result i32)
      i32.const 1
    else
      local.get $n  i32.const 5  i32.add  i32.const 7  i32.mul
    end
    local.get $n  i32.const 10  i32.gt_u
    if
      local.get $n  i32.const 20  i32.gt_u
      if
        nop
      else
        i32.const 1  drop
      end
    end)

  (func (export "table") (param $n i32) (result i32) (local $r i32)
    block $default
      block $two
        block $one
          block $zero
            local.get $n
            br_table $zero $one $two $one $default
          end
          i32.const 10  local.set $r
          br $default
        end
        local.get $r  i32.const 20  i32.add  local.set $r
      end
      local.get $r  i32.const 30  i32.add  i32.const 1  i32.shl  local.set $r
    end
    local.get $r)

  ;; A machine whose states are the targets of one br_table inside a loop; the loop itself is a target.
  (func (export "machine") (param $n i32) (result i32) (local $steps i32)
    block $halt
      loop $state
        local.get $steps  i32.const 1  i32.add  local.set $steps
        block $odd
          block $even
            local.get $n  i32.const 1  i32.le_u  br_if $halt
            local.get $n  i32.const 1  i32.and
            br_table $even $odd $state
          end
          local.get $n  i32.const 1  i32.shr_u  local.set $n
          br $state
        end
        local.get $n  i32.const 3  i32.mul  i32.const 1  i32.add  local.set $n
        br $state
      end
    end
    local.get $steps)

  (func (export "carry") (param $n i32) (result i32)
    block $out (result i32)
      block $in (result i32)
        i32.const 11
        local.get $n  i32.const 1  i32.eq  br_if $out
        i32.const 22  i32.add
        local.get $n  br_table $in $out $in
      end
      i32.const 3
      i32.mul
    end
    i32.const 1
    i32.sub)

  (func (export "select") (param $n i32) (result f64)
    f64.const 1.5  f64.const 2.5  local.get $n  select
    i64.const 3  i64.const 4  local.get $n  select (result i64)
    f64.convert_i64_s  f64.mul)

  ;; What follows an unconditional branch is never executed and never counted.
  (func (export "dead") (param $n i32) (result i32)
    block $out (result i32)
      local.get $n  i32.const 1  i32.add
      br $out
      i32.const 5  i32.mul
      loop $never
        i32.const 1  br_if $never
      end
      unreachable
    end
    local.get $n
    if
      i32.const 77
      return
      drop
    end)
)
