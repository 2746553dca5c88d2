/** Arguments of calls by name, as far as the guest's memory says what they mean. */
import { describe, expect, it } from 'vitest';
import { describeArguments } from '../../../src/wasi/describe-arguments.js';
import { CALL_TABLE } from '../../../src/wasi/table.js';

const memory = new Uint8Array(4096);
const view = new DataView(memory.buffer);
const rowOf = (name: string) => CALL_TABLE.find((row) => row.name === `wasi_snapshot_preview1.${name}`)!;
const shown = (name: string, ...args: (number | bigint)[]) => describeArguments(rowOf(name), args, memory);

function put(at: number, text: string): number {
  memory.set(new TextEncoder().encode(text), at);
  return new TextEncoder().encode(text).length;
}

function iovecs(at: number, ...parts: [number, number][]): void {
  for (const [index, [pointer, length]] of parts.entries()) {
    view.setUint32(at + index * 8, pointer, true);
    view.setUint32(at + index * 8 + 4, length, true);
  }
}

describe('arguments', () => {
  it('show paths as text', () => {
    const [from, to] = [put(100, 'ä/b'), put(200, 'c')];
    expect(shown('path_rename', 3, 100, from, 4, 200, to)).toEqual({
      ...{ fd: 3, old_path: 'ä/b', new_fd: 4, new_path: 'c' },
    });
    expect(shown('path_open', 3, 1, 200, to, 0, 7n, 0n, 0, 48)).toMatchObject({ path: 'c', rights_base: 7n });
  });

  it('show what is written, and how much room there is for what is read', () => {
    put(300, 'hello world');
    iovecs(400, [300, 5], [305, 6]);
    expect(shown('fd_write', 1, 400, 2, 8)).toEqual({
      ...{ fd: 1, bytes: new TextEncoder().encode('hello world'), nwritten: 8 },
    });
    expect(shown('fd_read', 0, 400, 2, 8)).toEqual({ fd: 0, room: 11, nread: 8 });
  });

  it('show the beginning of much', () => {
    iovecs(400, [0, 200], [0, 300]);
    const { bytes, total } = shown('fd_write', 1, 400, 2, 8);
    expect([(bytes as Uint8Array).length, total]).toEqual([256, 500]);
  });

  it('show what is waited for', () => {
    view.setUint8(600 + 8, 0);
    view.setUint32(600 + 16, 1, true);
    view.setBigUint64(600 + 24, 5_000n, true);
    view.setUint16(600 + 40, 1, true);
    view.setUint8(648 + 8, 1);
    view.setUint32(648 + 16, 4, true);
    expect(shown('poll_oneoff', 600, 900, 2, 1000)).toMatchObject({
      subscriptions: [{ clock: 1, untilNs: 5_000n }, { read: 4 }],
    });
  });

  it('stay numbers where pointers lead out of the memory', () => {
    expect(shown('path_unlink_file', 3, 4090, 100)).toEqual({ fd: 3, path: 4090, path_len: 100 });
    iovecs(400, [4000, 1000]);
    expect(shown('fd_write', 1, 400, 1, 8)).toEqual({ fd: 1, iovs: 400, iovs_len: 1, nwritten: 8 });
    expect(shown('fd_write', 1, 0xffff_fff0, 0xffff_ffff, 8)).toMatchObject({ iovs: 0xffff_fff0 });
    expect(shown('poll_oneoff', 4095, 0, 1, 0)).toMatchObject({ in: 4095 });
  });

  it('name every argument of every call, whatever its value', () => {
    for (const row of CALL_TABLE) {
      const args = row.type.params.map((type) => (type === 0x7e ? 0n : 0));
      const fields = describeArguments(row, args, memory);
      const decoded: Record<string, string> = { in: 'subscriptions', iovs: 'room', ri_data: 'room', si_data: 'bytes' };
      if (/fd_p?write$/.test(row.function)) decoded['iovs'] = 'bytes';
      // A length says no more once what it is the length of is shown.
      const shownAs = row.params.map((name) => decoded[name] ?? name).filter((name) => !name.endsWith('_len'));
      expect(Object.keys(fields), row.name).toEqual(expect.arrayContaining(shownAs));
    }
  });
});
