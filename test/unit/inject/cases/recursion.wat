;; A function that can call itself takes stack units on entry; one test serves depth and slices.
(module (func $f (param i32) local.get 0 (if (then local.get 0 i32.const 1 i32.sub call $f))))
;; becomes
(func (;7;) (type 1) (param i32 i64 i32) (result i64)
  block  ;; label = @1
    local.get 2
    i32.const 11
    i32.sub
    local.tee 2
    i32.const 0
    i32.lt_s
    br_if 0 (;@1;)
    local.get 1
    i64.const -1
    i64.ge_s
    br_if 0 (;@1;)
    block (result i32)  ;; label = @2
      block (result i32)  ;; label = @3
        local.get 0
        if  ;; label = @4
          local.get 0
          i32.const 1
          i32.sub
          local.get 1
          i64.const 7
          i64.add
          local.get 2
          try (param i32 i64 i32) (result i64)  ;; label = @5
            call 7
          catch_all
            i32.const 0
            br 2 (;@3;)
          end
          local.tee 1
          i64.const -3
          i64.add
          local.set 1
        end
        local.get 1
        i64.const 3
        i64.add
        return
      end
    end
    i32.const 0
    call 5
    unreachable
    return
  end
  local.get 0
  local.get 1
  local.get 2
  i32.const 11
  i32.const 0
  call 10
  return)
