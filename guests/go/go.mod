module ft-wasm.example/guest

go 1.22
