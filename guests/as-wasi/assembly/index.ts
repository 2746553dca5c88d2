// A program on the official WASI shim: console, process, Date, crypto and performance are WASI calls underneath. Standard
// output is equal in every run; what depends on time and chance goes to standard error.

class Entry {
  constructor(
    readonly position: i32,
    readonly text: string,
  ) {}
}

function report(args: string[]): void {
  for (let i = 1; i < args.length; i++) console.log(`argument ${i}: ${args[i]}`);
  const names = process.env.keys();
  for (let i = 0; i < names.length; i++) console.log(`variable ${names[i]}: ${process.env.get(names[i])}`);
}

function sortEntries(count: i32): string {
  const entries: Entry[] = [];
  for (let i = 0; i < count; i++) entries.push(new Entry((i * 7919) % count, i.toString(16)));
  entries.sort((a, b) => a.position - b.position);
  let text = '';
  for (let i = 0; i < count; i += count / 8) text += entries[i].text + ' ';
  return text;
}

function echo(): i32 {
  const buffer = new ArrayBuffer(32);
  let total = 0;
  for (let size = process.stdin.read(buffer); size > 0; size = process.stdin.read(buffer)) total += size;
  return total;
}

function observe(): void {
  const bytes = new Uint8Array(8);
  crypto.getRandomValues(bytes);
  console.error(bytes.toString() + ' ' + Date.now().toString() + ' ' + performance.now().toString());
  const first = performance.now();
  console.log('time goes on: ' + (performance.now() >= first).toString());
  console.log('random: ' + (Math.random() < 1).toString());
}

report(process.argv);
console.log('sorted: ' + sortEntries(4096));
console.log('read: ' + echo().toString());
observe();
process.exit(3);
