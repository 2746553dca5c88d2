/**
 * Input text beside expected text: each file in `cases/` is a module, a line `;; becomes`, and its first function after
 * the pass. `UPDATE_CASES=1 npx vitest run test/unit/inject` writes the expectations anew, to be reviewed as a diff.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import wabtInit from 'wabt';
import { inject } from '../../../src/inject/index.js';
import { decodeModule } from '../../../src/wasm/decode/index.js';
import { assemble } from '../../support/wat.js';

const SEPARATOR = ';; becomes\n';
const folder = new URL('./cases/', import.meta.url);
const wabt = await wabtInit();

/** Text of the first function that the guest defines, with the temporaries' declarations. */
function firstFunction(bytes: Uint8Array): string {
  const module = wabt.readWasm(bytes, { readDebugNames: false, simd: true, tail_call: true, exceptions: true });
  try {
    const text = module.toText({ foldExprs: false, inlineExport: false });
    return /^ {2}\(func[\s\S]*?(?=\n {2}\()/m.exec(text)![0].replace(/^ {2}/gm, '');
  } finally {
    module.destroy();
  }
}

describe('injected text', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.wat'));
  it.each(files)('%s', async (name) => {
    const path = new URL(name, folder);
    const [source, expected] = readFileSync(path, 'utf8').split(SEPARATOR) as [string, string];
    const { bytes } = inject(decodeModule(await assemble(name, source)));
    const actual = `${firstFunction(bytes)}\n`;
    if (process.env['UPDATE_CASES'] === '1') writeFileSync(path, source + SEPARATOR + actual);
    else expect(actual).toBe(expected);
  });
});
