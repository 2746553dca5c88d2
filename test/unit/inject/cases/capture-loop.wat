;; The operand below the loop is kept in a local, because the code inside cannot reach it.
(module (func (param $n i32) (result i32)
  i32.const 7
  (loop
    local.get $n
    i32.const 1
    i32.sub
    local.tee $n
    br_if 0)))
;; becomes
(func (;7;) (type 1) (param i32 i64 i32) (result i32 i64)
  (local i32)
  block (result i32)  ;; label = @1
    block (result i32)  ;; label = @2
      i32.const 7
      local.tee 3
      loop  ;; label = @3
        local.get 1
        i64.const -2
        i64.ge_s
        if  ;; label = @4
          local.get 1
          i64.const 2
          i64.add
          call 8
          local.tee 1
          i64.eqz
          if  ;; label = @5
            i32.const 0
            br 3 (;@2;)
          end
          local.get 1
          i64.const -2
          i64.add
          local.set 1
        end
        loop  ;; label = @4
          local.get 0
          i32.const 1
          i32.sub
          local.tee 0
          if  ;; label = @5
            local.get 1
            i64.const 5
            i64.add
            local.tee 1
            i64.const -2
            i64.lt_s
            br_if 1 (;@4;)
            br 2 (;@3;)
          end
        end
      end
      local.get 1
      i64.const 7
      i64.add
      return
    end
    local.get 0
    local.get 3
    call 10
  end
  i32.const 0
  call 5
  unreachable)
