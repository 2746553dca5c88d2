/** The host calls this guest needs. AssemblyScript names an import after the file that declares it. */

export declare function args_sizes_get(count: usize, bytes: usize): u32;
export declare function args_get(argv: usize, buffer: usize): u32;
export declare function poll_oneoff(subscriptions: usize, events: usize, count: usize, ready: usize): u32;
export declare function fd_fdstat_set_flags(fd: u32, flags: u32): u32;
export declare function fd_write(fd: u32, vectors: usize, count: usize, written: usize): u32;
export declare function fd_close(fd: u32): u32;
export declare function sock_accept(fd: u32, flags: u32, accepted: usize): u32;
export declare function sock_recv(
  fd: u32,
  vectors: usize,
  count: usize,
  flags: u32,
  length: usize,
  outFlags: usize,
): u32;
export declare function sock_send(fd: u32, vectors: usize, count: usize, flags: u32, length: usize): u32;
export declare function sock_shutdown(fd: u32, how: u32): u32;
export declare function proc_exit(code: u32): void;
