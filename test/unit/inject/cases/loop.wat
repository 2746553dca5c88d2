;; Entering a loop is free, the way back pays for one round; the header looks at the counter.
(module (func (param i32) (loop $again local.get 0 i32.const 1 i32.sub local.tee 0 br_if $again)))
;; becomes
(func (;6;) (type 1) (param i32 i64 i32) (result i64)
  loop  ;; label = @1
    local.get 1
    i64.const -1
    i64.ge_s
    if  ;; label = @2
      local.get 1
      i64.const 1
      i64.add
      call 8
      local.tee 1
      i64.const 0
      i64.ge_s
      if  ;; label = @3
        local.get 0
        i32.const 26
        call 10
        return
      end
      local.get 1
      i64.const -1
      i64.add
      local.set 1
    end
    loop  ;; label = @2
      local.get 0
      i32.const 1
      i32.sub
      local.tee 0
      if  ;; label = @3
        local.get 1
        i64.const 5
        i64.add
        local.tee 1
        i64.const -1
        i64.lt_s
        br_if 1 (;@2;)
        br 2 (;@1;)
      end
    end
  end
  local.get 1
  i64.const 6
  i64.add)
