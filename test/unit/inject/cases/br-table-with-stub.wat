;; Two labels with different potentials: the loop is reached through a stub that pays the difference.
(module (func (param i32) (block $out local.get 0 br_if $out i32.const 1 drop (loop $again local.get 0 br_table $again $out))))
;; becomes
(func (;6;) (type 1) (param i32 i64 i32) (result i64)
  (local i32)
  block  ;; label = @1
    local.get 0
    br_if 0 (;@1;)
    i32.const 1
    drop
    loop  ;; label = @2
      local.get 1
      i64.const -4
      i64.ge_s
      if  ;; label = @3
        local.get 1
        i64.const 4
        i64.add
        call 8
        local.tee 1
        i64.const 0
        i64.ge_s
        if  ;; label = @4
          local.get 0
          i32.const 35
          call 10
          return
        end
        local.get 1
        i64.const -4
        i64.add
        local.set 1
      end
      loop  ;; label = @3
        local.get 0
        local.get 1
        i64.const 3
        i64.add
        local.set 1
        local.set 3
        block  ;; label = @4
          local.get 3
          br_table 0 (;@4;) 3 (;@1;)
        end
        local.get 1
        i64.const -1
        i64.add
        local.set 1
        br 1 (;@2;)
      end
    end
    unreachable
  end
  local.get 1
  i64.const 3
  i64.add)
