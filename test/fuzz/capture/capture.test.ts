/**
 * Random modules, captured and restored on their way: nothing that can be seen may depend on it, counters least of all.
 * More: `FUZZ_SEED=1000 FUZZ_COUNT=500 npx vitest run test/fuzz/capture`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ByteWriter } from '../../../src/bytes/writer.js';
import { CompiledEngine } from '../../../src/engine/compiled/index.js';
import { WebAssembly } from '../../../src/engine/compiled/webassembly.js';
import type { BoundaryValue } from '../../../src/engine/engine.js';
import { writeZero } from '../../../src/inject/zero.js';
import { decodeModule } from '../../../src/wasm/decode/index.js';
import { encodeModule } from '../../../src/wasm/encode/index.js';
import { type FuncType, type Global, type GlobalType, ValType } from '../../../src/wasm/module.js';
import { Op } from '../../../src/wasm/opcode.js';
import { type GuestRun, runGuest } from '../../snapshot/capture-run.js';
import { randomModule } from '../inject/generate.js';

const first = Number(process.env['FUZZ_SEED'] ?? 1);
const count = Number(process.env['FUZZ_COUNT'] ?? 8);
const folder = mkdtempSync(path.join(tmpdir(), 'ft-wasm-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const engine = new CompiledEngine();

/**
 * The module with its imported globals as globals of its own, which have the same indices; undefined if the host would still
 * have to provide what it cannot.
 */
function closed(bytes: Uint8Array): Uint8Array | undefined {
  const module = decodeModule(bytes);
  const imports = module.imports.filter(({ desc }) => desc.kind === 'func');
  const globals = module.imports.flatMap(({ desc }): Global[] =>
    desc.kind === 'global' ? [zeroGlobal(desc.global)] : [],
  );
  if (imports.length + globals.length !== module.imports.length) return undefined;
  if (!imports.every(({ desc }) => desc.kind === 'func' && callable(module.types[desc.typeIndex]!))) return undefined;
  const changed = encodeModule({ ...module, imports, globals: [...globals, ...module.globals] });
  return WebAssembly.validate(changed) ? changed : undefined;
}

function zeroGlobal(global: GlobalType): Global {
  const source = new ByteWriter(32);
  writeZero(source, global.type);
  source.u8(Op.End);
  return { global, init: { start: 0, end: source.length, source: source.finish() } };
}

/** JavaScript cannot pass vectors. */
const callable = ({ params, results }: FuncType) => ![...params, ...results].some((type) => type === ValType.V128);

function sample(type: ValType): BoundaryValue {
  if (type === ValType.I64) return 0n;
  return type === ValType.FuncRef || type === ValType.ExternRef ? null : 0;
}

describe('random modules', () => {
  // Odd ones: the others nearly all log vectors, which no host function can take.
  const seeds = Array.from({ length: count }, (_, at) => first + 2 * at);

  it.each(seeds)('seed %i: a capture changes nothing', async (seed) => {
    const bytes = closed(randomModule(seed, folder, true));
    if (bytes === undefined) return;
    const prepared = await engine.prepare(bytes);
    const calls = prepared.exports.flatMap(({ name, type }): GuestRun['calls'] =>
      type !== undefined && callable(type) ? [[name, ...type.params.map(sample)]] : [],
    );
    const guest: GuestRun = { prepared, calls, sliceFuel: 53 };
    const { log, memory, points } = runGuest(guest);
    const every = Math.ceil(points / 50);
    for (const how of ['restore', 'resume'] as const) {
      const captured = runGuest(guest, (point) => (point % every === 0 ? how : undefined));
      expect({ log: captured.log, memory: captured.memory }).toEqual({ log, memory });
    }
  });
});
