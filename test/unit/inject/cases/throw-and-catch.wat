;; Whoever throws stores the counter, whoever catches reloads it.
(module (tag $t (param i32)) (func (param i32) (result i32) (try (result i32) (do local.get 0 throw $t) (catch $t i32.const 1 i32.add))))
;; becomes
(func (;7;) (type 3) (param i32 i64 i32) (result i32 i64)
  try (result i32)  ;; label = @1
    local.get 0
    local.get 1
    i64.const 4
    i64.add
    global.set 0
    throw 0
  catch 0
    global.get 0
    local.set 1
    i32.const 1
    i32.add
  end
  local.get 1
  i64.const 2
  i64.add)
