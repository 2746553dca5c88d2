;; Two labels with different potentials: the loop is reached through a stub that pays the difference.
(module (func (param i32) (block $out local.get 0 br_if $out i32.const 1 drop (loop $again local.get 0 br_table $again $out))))
;; becomes
(func (;7;) (type 1) (param i32 i64 i32) (result i64)
  (local i32)
  block (result i32)  ;; label = @1
    block (result i32)  ;; label = @2
      block  ;; label = @3
        local.get 0
        br_if 0 (;@3;)
        i32.const 1
        drop
        loop  ;; label = @4
          local.get 1
          i64.const -4
          i64.ge_s
          if  ;; label = @5
            local.get 1
            i64.const 4
            i64.add
            call 8
            local.tee 1
            i64.eqz
            if  ;; label = @6
              i32.const 0
              br 4 (;@2;)
            end
            local.get 1
            i64.const -4
            i64.add
            local.set 1
          end
          loop  ;; label = @5
            local.get 0
            local.get 1
            i64.const 3
            i64.add
            local.set 1
            local.set 3
            block  ;; label = @6
              local.get 3
              br_table 0 (;@6;) 3 (;@3;)
            end
            local.get 1
            i64.const -1
            i64.add
            local.set 1
            br 1 (;@4;)
          end
        end
        unreachable
      end
      local.get 1
      i64.const 3
      i64.add
      return
    end
    local.get 0
    call 10
  end
  i32.const 0
  call 5
  unreachable)
