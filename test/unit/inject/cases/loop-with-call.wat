(module
  (func (param i32)
    (loop
      (call $note)
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func $note))
;; becomes
(func (;7;) (type 2) (param i32 i64 i32) (result i64)
  block (result i32)  ;; label = @1
    block (result i32)  ;; label = @2
      loop  ;; label = @3
        local.get 1
        i64.const -1
        i64.ge_s
        if  ;; label = @4
          local.get 1
          i64.const 1
          i64.add
          call 9
          local.tee 1
          i64.eqz
          if  ;; label = @5
            i32.const 0
            br 3 (;@2;)
          end
          local.get 1
          i64.const -1
          i64.add
          local.set 1
        end
        local.get 1
        i64.const 2
        i64.add
        local.get 2
        call 8
        local.set 1
        local.get 0
        i32.const 1
        i32.sub
        local.tee 0
        local.get 1
        i64.const 4
        i64.add
        local.set 1
        br_if 0 (;@3;)
      end
      local.get 1
      i64.const 1
      i64.add
      return
    end
    local.get 0
    call 11
  end
  i32.const 0
  call 5
  unreachable)
