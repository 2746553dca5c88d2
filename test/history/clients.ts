/** Concurrent clients with a seed, and the history of what they asked and were told. */
import { Random } from '../sim/random.js';
import type { RespClient } from '../support/resp-client.js';
import { KV_MODEL, type KvInput, type KvOperation, type KvOutput } from './kv-model.js';
import { linearize } from './linearizability.js';

const TEXT_KEYS = ['text:1', 'text:2', 'text:3'];
const COUNT_KEYS = ['count:1', 'count:2'];

export class History {
  readonly #operations = new Map<string, KvOperation[]>();
  #time = 0;
  /** Answers so far. */
  answered = 0;

  /** Makes one request and records it. Rejects if the connection breaks. */
  async ask(client: RespClient, key: string, input: KvInput): Promise<void> {
    const call = ++this.#time;
    const [command, ...args] = input;
    const output = (await client.command(command, key, ...args)) as KvOutput;
    const operations = this.#operations.get(key) ?? [];
    this.#operations.set(key, operations);
    operations.push({ call, returned: ++this.#time, input, output });
    this.answered++;
  }

  /** Keys whose history no sequential key could have. */
  violations(): string[] {
    return [...this.#operations]
      .filter(([, operations]) => linearize(KV_MODEL, operations) === undefined)
      .map(([key, operations]) => `${key}: ${JSON.stringify(operations)}`);
  }
}

/** `count` requests of one client, one after the other; every value that it writes is written once. */
export async function makeRequests(
  client: RespClient,
  history: History,
  seed: number,
  name: string,
  count: number,
): Promise<void> {
  const random = new Random(seed);
  for (let index = 0; index < count; index++) {
    if (random.chance(0.4)) {
      const unique = 1_000_000 * (index + 1) + 1_000 * name.charCodeAt(0);
      const inputs: KvInput[] = [['INCR'], ['INCR'], ['INCR'], ['GET'], ['DEL'], ['SET', String(unique)]];
      await history.ask(client, random.pick(COUNT_KEYS), random.pick(inputs));
    } else {
      const unique = `${name}${index}.`;
      const inputs: KvInput[] = [['SET', unique], ['APPEND', unique], ['APPEND', unique], ['GET'], ['GET'], ['DEL']];
      await history.ask(client, random.pick(TEXT_KEYS), random.pick(inputs));
    }
  }
}
