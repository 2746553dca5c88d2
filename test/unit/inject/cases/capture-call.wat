;; A call that may leave has a handler around it; the operand below goes through a local, only what is read later is saved.
(module (import "host" "ask" (func $ask (param i32) (result i32)))
  (func (param $dead i32) (param $live i64) (result i64)
    local.get $dead
    local.get $dead
    call $ask
    i32.add
    i64.extend_i32_s
    local.get $live
    i64.add))
;; becomes
(func (;8;) (type 3) (param i32 i64 i64 i32) (result i64 i64)
  (local i32 i32)
  block (result i32)  ;; label = @1
    block (result i32)  ;; label = @2
      local.get 0
      local.get 0
      local.set 4
      local.tee 5
      local.get 4
      local.get 2
      i64.const 4
      i64.add
      local.get 3
      try (param i32 i64 i32) (result i32 i64)  ;; label = @3
        call 9
      catch_all
        i32.const 0
        br 1 (;@2;)
      end
      local.set 2
      i32.add
      i64.extend_i32_s
      local.get 1
      i64.add
      local.get 2
      i64.const 4
      i64.add
      return
    end
    local.get 1
    local.get 5
    call 12
  end
  i32.const 1
  call 6
  unreachable)
