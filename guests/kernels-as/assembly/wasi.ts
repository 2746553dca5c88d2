// What the kernels need of their host, on four WASI calls; nothing else is imported.
import { args_get, args_sizes_get, fd_write, proc_exit } from './wasi_snapshot_preview1';

/** The program's arguments, the program's own name first. */
export function readArgs(): string[] {
  const sizes = memory.data(8);
  args_sizes_get(sizes, sizes + 4);
  const count = load<u32>(sizes);
  const buffer = new ArrayBuffer((count * 4 + load<u32>(sizes, 4)) as i32);
  const argv = changetype<usize>(buffer);
  args_get(argv, argv + count * 4);
  const args: string[] = [];
  for (let i: u32 = 0; i < count; i++) args.push(decodeArgument(load<u32>(argv + i * 4)));
  return args;
}

function decodeArgument(text: usize): string {
  let end = text;
  while (load<u8>(end) != 0) end++;
  return String.UTF8.decodeUnsafe(text, end - text);
}

/** Writes `text` to standard output. */
export function print(text: string): void {
  const bytes = String.UTF8.encode(text);
  const vector = memory.data(12);
  store<u32>(vector, changetype<usize>(bytes) as u32);
  store<u32>(vector, bytes.byteLength as u32, 4);
  fd_write(1, vector, 1, vector + 8);
}

export function exit(code: i32): void {
  proc_exit(code);
}

/** What the compiler calls when an assertion of the standard library fails (asconfig.json, "use"). */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  print('abort: ' + (message ? message : '') + ' at ' + (file ? file : '') + ':' + line.toString() + '\n');
  proc_exit(134);
  unreachable();
}
