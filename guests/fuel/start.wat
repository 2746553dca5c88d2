;; A start function runs before any export and is counted like any other function; its implicit call is not.
(module
  (global $g (mut i32) (i32.const 5))
  (memory 1)
  (data (i32.const 0) "\01\02\03\04")
  (func $init (local $i i32)
    loop $again
      global.get $g  local.get $i  i32.load8_u  i32.add  global.set $g
      local.get $i  i32.const 1  i32.add  local.tee $i
      i32.const 4  i32.lt_u  br_if $again
    end)
  (start $init)
  (func (export "read") (result i32) global.get $g))
