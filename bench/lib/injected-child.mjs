// Measures variants of one program, in turns, in a process of its own: `injected-child.mjs PROGRAM VARIANTS ROUNDS SCALE`, the
// variants separated by commas. Prints JSON: per variant, milliseconds of the guest's thread round by round, and bytes.
import { load, programs } from './injected-programs.mjs';
import { prepare } from './injected-variants.mjs';
import { threadMs } from './thread-time.mjs';

const { setGuestFlags } = await load('runtime/node/v8-flags.js');

/**
 * Until V8 has compiled all that matters: with 3, some originals were measured half-compiled, and looked twice as slow.
 * Clang's first run takes three times as long as its tenth, and is followed by ten processor seconds of compilation.
 */
const WARM_UPS = 20;
/** Runs of a second, in which V8 gets through more. */
const LONG_WARM_UPS = 12;

const [name, variants, rounds, scale] = process.argv.slice(2);
const names = variants.split(',');
if (!names.includes('defaults')) setGuestFlags();
const program = programs(Number(scale)).find((each) => each.name === name);
const runs = new Map();
const samples = {};
const bytes = {};
for (const variant of names) {
  const prepared = await prepare(program, variant);
  runs.set(variant, prepared.run);
  samples[variant] = [];
  bytes[variant] = prepared.bytes;
}
const expected = runs.get(names[0])();
for (let round = program.large ? -LONG_WARM_UPS : -WARM_UPS; round < Number(rounds); round++) {
  for (const variant of names) {
    const started = threadMs();
    if (runs.get(variant)() !== expected) throw new Error(`${name} as ${variant} writes something else`);
    if (round >= 0) samples[variant].push(threadMs() - started);
  }
}
process.stdout.write(JSON.stringify({ samples, bytes }));
