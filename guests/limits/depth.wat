;; Endless recursion in every shape. Each export calls itself until the stack limit, telling the host the depth now and then:
;; the trap must come at the same depth and counter in every run, whatever tier of compiler ran it.
(module
  (import "host" "depth" (func $report (param i32)))
  (type $f (func (param i32) (result i32)))
  (table 3 funcref)
  (elem (i32.const 0) $indirect $first $second)
  (global $depth (export "depth") (mut i32) (i32.const 0))

  (func $deeper
    global.get $depth  i32.const 1  i32.add  global.set $depth
    global.get $depth  i32.const 63  i32.and  i32.eqz
    if
      global.get $depth  call $report
    end)

  (func $direct (export "direct") (param $n i32) (result i32)
    call $deeper
    local.get $n  i32.const 1  i32.add  call $direct
    i32.const 1  i32.add)

  (func $mutual (export "mutual") (param $n i32) (result i32)
    call $deeper
    local.get $n  call $other)
  (func $other (param $n i32) (result i32)
    local.get $n  call $mutual  local.get $n  i32.add)

  (func $indirect (export "indirect") (type $f)
    call $deeper
    local.get 0  i32.const 0  call_indirect (type $f)
    i32.const 3  i32.mul)

  ;; Two functions of the table in turn: a cycle that only call_indirect closes.
  (func $first (export "alternating") (type $f)
    call $deeper
    local.get 0  i32.const 2  call_indirect (type $f))
  (func $second (type $f)
    local.get 0  i32.const 1  call_indirect (type $f)  i32.const 1  i32.add)

  ;; Many locals, all alive across the call: a frame of another size.
  (func $wide (export "wide") (param $n i32) (result i32)
    (local $a i64) (local $b f64) (local $c v128) (local $d i64) (local $e f64) (local $f v128) (local $g i64) (local $h i64)
    call $deeper
    local.get $n  i64.extend_i32_u  local.tee $a  i64.const 3  i64.mul  local.set $d
    local.get $n  f64.convert_i32_u  local.tee $b  local.set $e
    local.get $n  i32x4.splat  local.tee $c  local.set $f
    local.get $a  local.get $d  i64.xor  local.tee $g  i64.const 1  i64.add  local.set $h
    local.get $n  i32.const 1  i32.add  call $wide
    local.get $a  local.get $d  i64.add  local.get $g  i64.add  local.get $h  i64.add  i32.wrap_i64  i32.add
    local.get $b  local.get $e  f64.add  i32.trunc_sat_f64_s  i32.add
    local.get $c  local.get $f  i32x4.add  i32x4.extract_lane 2  i32.add)

  ;; The call is deep inside loops and blocks, with operands below it.
  (func $nested (export "nested") (param $n i32) (result i32)
    call $deeper
    local.get $n
    loop (param i32) (result i32)
      i32.const 7
      block (param i32) (result i32)
        local.get $n
        if (result i32)
          local.get $n  call $nested
        else
          i32.const 1  call $nested
        end
        i32.add
      end
      i32.add
    end)

  ;; Several values come back from each level.
  (func $many (param i32) (result i32 i64 f32)
    call $deeper
    local.get 0  call $many
    f32.const 1  f32.add)
  (func (export "multi") (param i32) (result i32)
    local.get 0  call $many
    drop  drop)
)
