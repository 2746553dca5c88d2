/**
 * The arbiter in an etcd cluster, `etcd://HOST:PORT[,HOST:PORT...]/KEY`: one key, replaced by a transaction that compares
 * its version. What the file arbiter's directory is on one file server, this is on several machines.
 */
import { randomUUID } from 'node:crypto';
import {
  type Arbiter,
  type ArbiterRecord,
  type ArbiterState,
  ArbiterUnreachableError,
  type CompareAndSetResult,
} from '../arbiter.js';
import { encodeRecordFile } from '../record-file.js';
import { EtcdClient, type EtcdCredentials } from './etcd-client.js';
import { decodeRead, decodeReplaced, type EtcdRecord, readRequest, replaceRequest } from './etcd-messages.js';

export interface EtcdArbiterOptions {
  /** `HOST:PORT` of members of one cluster. */
  readonly endpoints: readonly string[];
  readonly key: string;
  /** By HTTPS. */
  readonly secure?: boolean;
  readonly credentials?: EtcdCredentials;
}

export class EtcdArbiter implements Arbiter {
  readonly #client: EtcdClient;
  readonly #key: string;
  /** Generations never go back: a record below this one is of a key that was removed, or of a cluster that was restored. */
  #newestSeen = 0;

  /** @throws ArbiterError if a file of the credentials cannot be read */
  constructor({ endpoints, key, secure = false, credentials }: EtcdArbiterOptions) {
    this.#client = new EtcdClient(endpoints, secure, credentials);
    this.#key = key;
  }

  async read(): Promise<ArbiterState | undefined> {
    return this.#seen(decodeRead(await this.#client.ask(readRequest(this.#key)), this.#key));
  }

  async compareAndSet(expectedGeneration: number, record: ArbiterRecord): Promise<CompareAndSetResult> {
    const nonce = randomUUID();
    const request = replaceRequest(this.#key, expectedGeneration, encodeRecordFile({ record, nonce }));
    const result = decodeReplaced(await this.#client.ask(request), this.#key);
    const generation = expectedGeneration + 1;
    // The request may have been carried out by an endpoint that did not live to say so, and refused by the next one.
    if (result.replaced || result.current?.nonce === nonce) {
      this.#newestSeen = Math.max(this.#newestSeen, generation);
      return { won: true, generation };
    }
    return { won: false, current: this.#seen(result.current) };
  }

  #seen(found: EtcdRecord | undefined): ArbiterState | undefined {
    const generation = found?.generation ?? 0;
    if (generation < this.#newestSeen) {
      const now = found === undefined ? 'is no record' : `is only generation ${generation}`;
      throw new ArbiterUnreachableError(
        `there ${now} at ${this.#key} in etcd, but generation ${this.#newestSeen} was there before; was it removed, or the cluster restored?`,
      );
    }
    this.#newestSeen = generation;
    return found && { generation, record: found.record };
  }
}
