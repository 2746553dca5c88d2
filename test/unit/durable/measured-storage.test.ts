/** What a replica says about the size of its directory is what is there. */
import { expect, test } from 'vitest';
import { MeasuredStorage } from '../../../src/durable/index.js';
import { MemoryStorage } from './memory-storage.js';

async function sizeOf(storage: MemoryStorage): Promise<number> {
  let bytes = 0;
  for (const name of await storage.list()) for await (const piece of storage.read(name)) bytes += piece.length;
  return bytes;
}

test('files are measured while they are written, renamed, cut and removed', async () => {
  const memory = new MemoryStorage(new Map([['old', new Uint8Array(5)]]));
  const storage = new MeasuredStorage(memory, [['old', 5]]);
  expect(storage.bytes).toBe(5);
  const file = await storage.create('new.part');
  await file.write(new Uint8Array(100));
  await storage.rename('new.part', 'new');
  await file.write(new Uint8Array(20));
  await file.sync();
  expect(storage.bytes).toBe(125);
  expect(storage.bytes).toBe(await sizeOf(memory));
  expect(storage.names.sort()).toEqual(['new', 'old']);
  await storage.cut('new', 30);
  await storage.cut('old');
  expect(storage.bytes).toBe(35);
  await storage.remove('old');
  await storage.remove('never there');
  expect(storage.bytes).toBe(30);
  expect(storage.bytes).toBe(await sizeOf(memory));
});
