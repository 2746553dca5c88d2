;; memory.grow and table.grow up to the configured limit and past it: the old size, or -1 with nothing changed.
(module
  (memory (export "memory") 2)
  (table $t 3 funcref)
  (table $capped 1 4 externref)
  (func (export "memory_grow") (param i32) (result i32) local.get 0  memory.grow)
  (func (export "memory_size") (result i32) memory.size)
  (func (export "table_grow") (param i32) (result i32) ref.null func  local.get 0  table.grow $t)
  (func (export "table_size") (result i32) table.size $t)
  (func (export "capped_grow") (param i32) (result i32) ref.null extern  local.get 0  table.grow $capped)
  (func (export "capped_size") (result i32) table.size $capped)
  ;; Whether the last byte of the memory can be written and the one behind it cannot is the caller's to see.
  (func (export "touch") (param i32) local.get 0  i32.const 1  i32.store8)
  (func (export "byte") (param i32) (result i32) local.get 0  i32.load8_u)
)
