/**
 * One recording replays elsewhere: under other versions of Node.js and on another processor, to the byte and to the
 * instruction. Where `node tools/nodes.mjs` has not fetched a Node.js, its tests are skipped.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { otherNodes } from '../../tools/nodes.mjs';
import { command, MAIN, runProgram } from '../support/command.js';
import { moduleFile, temporaryFolder } from '../support/modules.js';
import { nanSweep } from '../support/nan-sweep.js';

interface Program {
  readonly name: string;
  /** Module and arguments. */
  readonly args: readonly string[];
  readonly input?: string;
  /** Too long for an emulated processor, on which everything takes ten times as long. */
  readonly long?: boolean;
}

const SCRIPT = 'for i = 1, 50 do print(i, os.clock(), math.sin(i), 0/0, -(0/0), {}) end\n';

const PROGRAMS: readonly Program[] = [
  { name: 'every float operator on NaNs', args: [moduleFile(nanSweep(2000))] },
  { name: 'SIMD', args: ['guests/kernels/c/dot_simd.wasm', '3'] },
  { name: 'Lua', args: ['guests/lua/lua.wasm'], input: SCRIPT, long: true },
  { name: 'SIMD floats', args: ['guests/kernels/c/matmul_simd.wasm', '3'], long: true },
  { name: 'SQLite', args: ['--dir', 'guests/lua::/data', 'guests/sqlite/sqlite.wasm', '/data/a.db', '50'], long: true },
];

/** Where a recording is, and what a replay of it must repeat. */
interface Recorded {
  readonly recording: string;
  readonly stdout: string;
  readonly stats: Readonly<Record<string, unknown>>;
}

function readStats(file: string): Recorded['stats'] {
  const { wallMs, ...stats } = JSON.parse(readFileSync(file, 'utf8')) as Recorded['stats'];
  return stats;
}

async function record({ args, input }: Program): Promise<Recorded> {
  const folder = temporaryFolder();
  const recording = path.join(folder, 'run.rec');
  const stats = path.join(folder, 'stats.json');
  const { code, stdout, stderr } = await command(['record', '-o', recording, '--stats', stats, ...args], input);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return { recording, stdout, stats: readStats(stats) };
}

async function replay(node: readonly string[], recording: string, ...flags: string[]): Promise<Recorded> {
  const stats = path.join(temporaryFolder(), 'stats.json');
  const [program, ...words] = [...node, MAIN, 'replay', '--stats', stats, ...flags, recording];
  const { code, stdout, stderr } = await runProgram(program!, words, undefined);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return { recording, stdout, stats: readStats(stats) };
}

const recordings = new Map<Program, Recorded>();

beforeAll(async () => {
  for (const program of PROGRAMS) recordings.set(program, await record(program));
}, 120_000);

it('the engines agree on NaNs', async () => {
  const recorded = recordings.get(PROGRAMS[0]!)!;
  expect(await replay([process.execPath], recorded.recording, '--engine', 'interpreter')).toEqual(recorded);
});

describe.each(otherNodes())('under $name', ({ command: node, missing, emulated }) => {
  it.for(PROGRAMS.filter(({ long }) => !(emulated && long)))('$name replays', async (program, { skip }) => {
    if (missing.length > 0) skip(`lacks ${missing.join(', ')}: run \`node tools/nodes.mjs\``);
    const recorded = recordings.get(program)!;
    expect(await replay(node, recorded.recording)).toEqual(recorded);
  });
});
