/** Recordings that were cut off, damaged or forged: never a crash or a hang, always a code, a position and what to make of it. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeBatch, encodeBatch } from '../../src/log/codec.js';
import type { Entry } from '../../src/log/entry.js';
import { encodeFrame, encodeRecordingHeader, FrameKind, RecordingReader } from '../../src/log/file.js';
import { CliProcess } from '../support/cli-process.js';
import { command, shell } from '../support/command.js';
import { moduleFile, SPINS, temporaryFolder, YES } from '../support/modules.js';

let folder: string;
let recording: Buffer;

beforeAll(async () => {
  folder = temporaryFolder();
  const file = path.join(folder, 'whole.rec');
  const script = 'print(os.time()) for i = 1, 5 do print(i, os.clock()) end\n';
  expect((await command(['record', '-o', file, 'guests/lua/lua.wasm'], script)).code).toBe(0);
  recording = readFileSync(file);
});

/** Whether a file system can be mounted for one command, which is gone after it. */
function canMount(): boolean {
  const probe = ['--mount', 'mount', '-t', 'tmpfs', 'none', tmpdir()];
  return process.platform === 'linux' && spawnSync('unshare', probe, { stdio: 'ignore' }).status === 0;
}

function variant(name: string, bytes: Uint8Array): string {
  const file = path.join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

/** The recording with its entries changed, as somebody would who can compute checksums. */
function forge(change: (entries: Entry[]) => Entry[], withEnd = true): Uint8Array {
  const reader = new RecordingReader();
  const frames = reader.push(recording);
  const entries = frames
    .filter(({ kind }) => kind === FrameKind.Batch)
    .flatMap(({ payload }) => decodeBatch(payload).entries);
  const others = (wanted: FrameKind) =>
    frames.filter(({ kind }) => kind === wanted).map(({ payload }) => encodeFrame(wanted, payload));
  return Buffer.concat([
    encodeRecordingHeader(reader.header!),
    ...others(FrameKind.Attachment),
    encodeFrame(FrameKind.Batch, encodeBatch(1, 0, change(entries))),
    ...(withEnd ? others(FrameKind.End) : []),
  ]);
}

const changeAt = (at: number, change: Partial<Entry>) => (entries: Entry[]) =>
  entries.map((entry, index) => (index === at ? { ...entry, ...change } : entry));

/** Moves one entry by one instruction. */
const later = (at: number) => (entries: Entry[]) => changeAt(at, { counter: entries[at]!.counter + 1 })(entries);

const CLOCK_TIME_GET = 21;
const FD_WRITE = 42;

/** What the script prints first, its `os.time()`, comes from the last clock entry before the first write. */
function anotherTime(entries: Entry[]): Entry[] {
  const write = entries.findIndex(({ call }) => call === FD_WRITE);
  const clock = entries.slice(0, write).findLastIndex(({ call }) => call === CLOCK_TIME_GET);
  return changeAt(clock, { result: 1_000_000_000_000 })(entries);
}

describe('a recording that was cut', () => {
  it('inside its last frame replays up to there, and says so', async () => {
    const { code, stderr, stdout } = await command(['replay', variant('torn.rec', recording.subarray(0, -3))]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\n1\t/);
    expect(stderr).toMatch(/ is torn: its last \d+ bytes, from byte \d+ on, are no whole frame .* are left out\n/);
    expect(stderr).toMatch(
      /the recording was cut off: its last entry is event \d+, the guest stands at counter \d+\n$/,
    );
  });

  it('inside its header is refused', async () => {
    for (const length of [0, 7, 40]) {
      const { code, stderr } = await command(['replay', variant('short.rec', recording.subarray(0, length))]);
      expect({ length, code }).toEqual({ length, code: 78 });
      expect(stderr).toMatch(/ends at byte \d+, inside its header \[FTW_LOG_FORMAT\]\n$/);
    }
  });

  it('by SIGKILL is readable', async () => {
    const file = path.join(folder, 'killed.rec');
    const process = CliProcess.start(['record', '-o', file, moduleFile(YES)]);
    await process.output('y\ny\n');
    process.kill('SIGKILL');
    await process.exit();
    const { code, stdout, stderr } = await command(['replay', file]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^(y\n)+$/);
    expect(stdout.length).toBeGreaterThanOrEqual(4);
    expect(stderr).toContain('cut off');
    expect((await command(['log', file])).stdout).toMatch(/cut off: it does not say how the run ended\n$/);
  });

  it('by a full disk says where it ends', async () => {
    const { stdout, stderr } = await shell(
      `cd ${folder}; ulimit -f 400; $FT record -o full.rec ${moduleFile(YES)} | tail -c 2; echo "\${PIPESTATUS[0]}"`,
    );
    expect(stdout).toBe('y\n78\n');
    expect(stderr).toMatch(/^ft-wasm: the recording full.rec could not be written beyond byte \d+: .*\[FTW_IO\]\n$/);
    expect(statSync(path.join(folder, 'full.rec')).size).toBe(Number(/beyond byte (\d+)/.exec(stderr)![1]));
    expect((await command(['replay', path.join(folder, 'full.rec')])).code).toBe(0);
  });

  it.skipIf(!canMount())(
    'by a file system without room replays to its last entry (skipped without mount)',
    async () => {
      const { stdout, stderr } = await shell(
        `unshare --mount bash -c 'mount -t tmpfs -o size=400k none ${folder} && cd ${folder}
        $FT record -o no-room.rec '${moduleFile(YES)}' | tail -c 2; echo "\${PIPESTATUS[0]}"
        $FT replay no-room.rec | cmp -n 1000 - <(yes); echo $?'`,
      );
      expect(stdout).toMatch(/^y\n78\n0\n$/);
      expect(stderr).toMatch(/no-room\.rec could not be written beyond byte \d+: ENOSPC: .*\[FTW_IO\]\n/);
    },
  );

  it.skipIf(!existsSync('/dev/full'))(
    'before it began is refused, and nothing runs (skipped without /dev/full)',
    async () => {
      const { code, stdout, stderr } = await command(['record', '-o', '/dev/full', moduleFile(YES)]);
      expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
      expect(stderr).toMatch(/could not be written beyond byte 0: ENOSPC: .*\[FTW_IO\]\n$/);
    },
  );

  it('by SIGINT replays to the same place, with the same exit code', async () => {
    const file = path.join(folder, 'stopped.rec');
    const process = CliProcess.start(['record', '-o', file, '--digest-every', '1000000', moduleFile(SPINS)]);
    await process.complaint('state at counter');
    process.kill('SIGINT');
    expect((await process.exit()).code).toBe(130);
    const counter = /stopped after (\d+) instructions/.exec(process.errors.join('\n'))![1];
    const { code, stderr } = await command(['replay', file]);
    expect(code).toBe(130);
    expect(stderr).toContain(`stopped at counter ${counter}, event 0, where the recording was stopped`);
  });

  it('by a reader that went away is readable', async () => {
    const file = path.join(folder, 'pipe.rec');
    const { stdout, stderr } = await shell(
      `$FT record -o ${file} ${moduleFile(YES)} | head -1; echo "\${PIPESTATUS[0]}"`,
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'y\n141\n', stderr: '' });
    expect((await command(['log', file])).stdout).toMatch(/stopped at counter \d+, exit code/);
  });
});

describe('a damaged recording', () => {
  it('is refused with the place before anything runs', async () => {
    const damaged = Buffer.from(recording);
    damaged[Math.floor(damaged.length / 2)]! ^= 4;
    const file = variant('damaged.rec', damaged);
    for (const name of ['replay', 'log']) {
      const { code, stdout, stderr } = await command([name, file]);
      expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
      expect(stderr).toMatch(/damaged.rec: recording is damaged at byte \d+: .* \[FTW_LOG_FORMAT\]\n$/);
    }
  });

  it('that is something else is refused', async () => {
    expect((await command(['replay', 'package.json'])).stderr).toMatch(/not a recording.* \[FTW_LOG_FORMAT\]\n$/);
    expect((await command(['replay', '/no/such.rec'])).stderr).toMatch(/there is no such file \[FTW_IO\]\n$/);
  });
});

describe('a forged recording', () => {
  it.each<[string, (entries: Entry[]) => Entry[], RegExp]>([
    [
      'another call',
      changeAt(3, { call: 57 }),
      /event 4 \(call differs\): the log has wasi_snapshot_preview1\.random_get/,
    ],
    ['another counter', later(2), /event 3 \(counter differs\)/],
    ['another digest', changeAt(4, { digest: 1 }), /event 5 \(digest differs\)/],
    ['an impossible result', changeAt(3, { result: 'nonsense' }), /event 4 \(result differs\)/],
    ['an entry less', (entries) => entries.slice(0, -1), /event \d+: the log ends before it, the guest made wasi_/],
    ['an entry more', (entries) => [...entries, entries.at(-1)!], /with 1 entries of the recording left/],
  ])('with %s diverges at that place', async (name, change, expected) => {
    const { code, stderr } = await command(['replay', variant(`${name}.rec`, forge(change))]);
    expect(code).toBe(73);
    expect(stderr).toMatch(/^ft-wasm: replay diverged .* \[FTW_DIVERGENCE\]$/m);
    expect(stderr).toMatch(expected);
  });

  it('with another time is found where it stands, and shows what went before', async () => {
    const file = variant('time.rec', forge(anotherTime));
    const { code, stderr } = await command(['replay', '--json', file]);
    expect(code).toBe(73);
    const report = JSON.parse(stderr.trim().split('\n').at(-1)!);
    expect(report).toMatchObject({ kind: 'error', code: 'FTW_DIVERGENCE', exitCode: 73 });
    expect(report.details).toMatchObject({
      difference: 'digest',
      expected: { call: 'wasi_snapshot_preview1.clock_time_get', result: '1000000000000' },
      seen: { call: 'wasi_snapshot_preview1.clock_time_get', args: { precision: expect.any(String) } },
    });
    expect(report.details.recent.at(-1).call).toMatch(/^wasi_snapshot_preview1\./);
  });
});
