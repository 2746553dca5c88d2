module ft-wasm.example/http

go 1.22
