/**
 * The core specification's own modules: every valid one decodes, validates and round-trips; every `assert_invalid` and
 * `assert_malformed` one is refused, with the right code; and V8 agrees.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeModule } from '../../../src/wasm/decode/index.js';
import { encodeModule } from '../../../src/wasm/encode/index.js';
import { refusalOf, validatedByV8 } from './support.js';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const SUITE = process.env['WASM_SPEC_SUITE'] ?? path.resolve(ROOT, '../shared/spec/wasm-2.0-core.tar.xz');

/**
 * Where we follow a later specification or another reading, by file, line and what the suite says.
 * The value is our outcome: 'accepted', or the code of the refusal.
 */
const DIFFERENCES: Record<string, { outcome: string; reason: string }> = {};
function differ(outcome: string, reason: string, places: string): void {
  for (const place of places.split(' ')) DIFFERENCES[place] = { outcome, reason };
}
const MULTI_MEMORY = 'multi-memory: memory.size, memory.grow and the like name a memory by an index';
differ(
  'accepted',
  MULTI_MEMORY,
  'binary:877 binary:897 binary:916 binary:935 binary:974 binary:993 binary:1011 binary:1029',
);
differ('FTW_INVALID', MULTI_MEMORY, 'binary:857 binary:955');
differ(
  'accepted',
  'multi-memory: a module may have several',
  'imports:483 imports:487 imports:491 memory:10 memory:11',
);
differ('FTW_UNSUPPORTED', 'the version field is that of a component', 'binary:44');
differ('FTW_UNSUPPORTED', 'a shared memory or table', 'binary:1517 binary:1563');
differ('FTW_INVALID', 'the next byte, read as a block type, is checked before the code ends', 'binary:1817');
differ('FTW_MALFORMED', 'no data count section, which is missed first', 'memory_init:190 memory_init:227');

interface Command {
  readonly type: string;
  readonly line: number;
  readonly filename?: string;
  readonly module_type?: string;
  readonly text?: string;
}

function hasAssembler(): boolean {
  try {
    execFileSync('wast2json', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function missing(): string | undefined {
  if (!existsSync(SUITE)) return 'the suite is absent (set WASM_SPEC_SUITE to its tar file)';
  return hasAssembler() ? undefined : 'wast2json is not installed (Debian package wabt)';
}

const skipped = missing();
if (skipped !== undefined) console.warn(`spec suite skipped: ${skipped}`);

describe.skipIf(skipped !== undefined)('core specification suite', () => {
  const modules: { place: string; type: string; bytes: Uint8Array }[] = [];
  let folder = '';

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'ft-wasm-spec-'));
    mkdirSync(path.join(folder, 'json'));
    execFileSync('tar', ['xf', SUITE, '-C', folder]);
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.wast'))) {
      const name = path.basename(file, '.wast');
      const json = path.join(folder, 'json', `${name}.json`);
      execFileSync('wast2json', [path.join(folder, file), '-o', json]);
      const { commands } = JSON.parse(readFileSync(json, 'utf8')) as { commands: Command[] };
      for (const { type, line, filename, module_type } of commands) {
        if (filename === undefined || module_type === 'text') continue;
        const bytes = new Uint8Array(readFileSync(path.join(folder, 'json', filename)));
        modules.push({ place: `${name}:${line}`, type, bytes });
      }
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const expectedOutcome = (place: string, type: string): string => {
    const known = DIFFERENCES[place];
    if (known !== undefined) return known.outcome;
    if (type === 'assert_invalid') return 'FTW_INVALID';
    return type === 'assert_malformed' ? 'FTW_MALFORMED' : 'accepted';
  };

  it('is all there', () => {
    expect(modules.length).toBeGreaterThan(3900);
    const places = new Set(modules.map(({ place }) => place));
    for (const place of Object.keys(DIFFERENCES)) expect(places).toContain(place);
  });

  it('is accepted and refused as it says', () => {
    const wrong = modules.flatMap(({ place, type, bytes }) => {
      const refusal = refusalOf(bytes);
      const outcome = refusal?.code ?? 'accepted';
      const expected = expectedOutcome(place, type);
      return outcome === expected ? [] : [`${place} ${type}: ${outcome}, expected ${expected}: ${refusal?.message}`];
    });
    expect(wrong).toEqual([]);
  });

  /** Not the other way round: newer versions of V8 accept, by later proposals, what this suite calls invalid. */
  it('is never accepted where V8 refuses', () => {
    const wrong = modules.filter(({ place, bytes }) => {
      if (DIFFERENCES[place]?.reason.startsWith('multi-memory')) return false;
      return refusalOf(bytes) === undefined && !validatedByV8(bytes);
    });
    expect(wrong.map(({ place }) => place)).toEqual([]);
  });

  it('round-trips', () => {
    let unchanged = 0;
    const accepted = modules.filter(({ type }) => !type.startsWith('assert_invalid') && type !== 'assert_malformed');
    for (const { place, bytes } of accepted) {
      const encoded = encodeModule(decodeModule(bytes));
      if (Buffer.compare(encoded, bytes) === 0) unchanged++;
      else {
        expect(Buffer.compare(encodeModule(decodeModule(encoded)), encoded), place).toBe(0);
        expect(validatedByV8(encoded), place).toBe(true);
      }
    }
    expect(unchanged).toBeGreaterThan(accepted.length * 0.95);
  });
});
