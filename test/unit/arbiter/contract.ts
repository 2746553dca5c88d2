/** What every arbiter must do, run against each implementation. */
import { describe, expect, test } from 'vitest';
import type { Arbiter, ArbiterRecord } from '../../../src/arbiter/arbiter.js';

export function record(epoch: number, live = 'a'): ArbiterRecord {
  return { epoch, members: [{ id: live, incarnation: 'x1' }], live, service: 'kv' };
}

/** `open` returns another handle of the same arbiter each time, fresh for each test. */
export function arbiterContract(name: string, makeOpen: () => () => Arbiter): void {
  describe(`${name} keeps the arbiter's contract`, () => {
    test('there is no record at first', async () => {
      expect(await makeOpen()().read()).toBeUndefined();
    });

    test('a record is written once per generation', async () => {
      const open = makeOpen();
      const [first, second] = [open(), open()];
      expect(await first.compareAndSet(0, record(1))).toEqual({ won: true, generation: 1 });
      expect(await second.compareAndSet(0, record(1, 'b'))).toEqual({
        won: false,
        current: { generation: 1, record: record(1) },
      });
      expect(await second.compareAndSet(1, record(2, 'b'))).toEqual({ won: true, generation: 2 });
      expect(await first.read()).toEqual({ generation: 2, record: record(2, 'b') });
    });

    test('a generation from the past or the future loses', async () => {
      const arbiter = makeOpen()();
      for (let epoch = 1; epoch <= 3; epoch++) await arbiter.compareAndSet(epoch - 1, record(epoch));
      const current = { generation: 3, record: record(3) };
      for (const expected of [0, 1, 2, 4]) {
        expect(await arbiter.compareAndSet(expected, record(9))).toEqual({ won: false, current });
      }
    });

    test('of many that race, one wins', async () => {
      const open = makeOpen();
      for (let generation = 0; generation < 5; generation++) {
        const racers = Array.from({ length: 12 }, (_, index) => `r${index}`);
        const results = await Promise.all(
          racers.map((id) => open().compareAndSet(generation, record(generation + 1, id))),
        );
        const winners = racers.filter((_, index) => results[index]?.won);
        expect(winners).toHaveLength(1);
        expect((await open().read())?.record.live).toBe(winners[0]);
      }
    });

    test('every field comes back', async () => {
      const full: ArbiterRecord = {
        epoch: 7,
        members: [
          { id: 'a', incarnation: 'x1' },
          { id: 'b "q" \n ü', incarnation: 'y2' },
        ],
        live: 'a',
        service: 'kv/é',
        ended: true,
      };
      const open = makeOpen();
      await open().compareAndSet(0, full);
      expect((await open().read())?.record).toEqual(full);
    });
  });
}
