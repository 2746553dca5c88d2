// The WASI calls that the kernels use. The file's name is the import module's name.

export declare function args_sizes_get(count: usize, size: usize): i32;
export declare function args_get(argv: usize, text: usize): i32;
export declare function fd_write(fd: i32, vectors: usize, count: usize, written: usize): i32;
export declare function proc_exit(code: i32): void;
