/** A stock HTTP server in Go, which knows nothing of replicas, as a pair behind a gateway. */
import http from 'node:http';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buildGo, GO_BUILD_MS, hasGo } from '../support/go.js';
import { clientAddress, Replicas, startGateway } from '../support/replicas.js';

const CLIENTS = 4;
const REQUESTS_BEFORE = 50;
const REQUESTS = 400;
const TEST_MS = 120_000;

interface Account {
  readonly name: string;
  readonly balance: number;
  readonly change: number;
}

/** A client with one connection of its own, which it keeps; a request on a connection that was reset fails. */
class Client {
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  readonly #address: { host: string; port: number };
  readonly #path: string;
  readonly connections = new Set<unknown>();
  readonly changes: number[] = [];

  constructor(address: { host: string; port: number }, name: string) {
    this.#address = address;
    this.#path = `/accounts/${name}`;
    onTestFinished(() => this.#agent.destroy());
  }

  request(method: 'GET' | 'POST'): Promise<Account> {
    return new Promise((resolve, reject) => {
      const options = { ...this.#address, method, path: this.#path, agent: this.#agent };
      const request = http.request(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => resolve(JSON.parse(text) as Account)).on('error', reject);
      });
      request.on('socket', (socket) => this.connections.add(socket)).on('error', reject);
      request.end();
    });
  }

  /** One request after the other; each answer must follow the one before. */
  async addUp(from: number, to: number): Promise<void> {
    for (let balance = from; balance <= to; balance++) {
      const account = await this.request('POST');
      expect(account.balance).toBe(balance);
      this.changes.push(account.change);
    }
  }
}

describe.skipIf(!hasGo())("Go's net/http (skipped where Go is not installed)", () => {
  let module: string;
  beforeAll(() => {
    module = buildGo('go-http');
  }, GO_BUILD_MS);

  it('a killed primary: connections stay, and each request is answered exactly once', {
    timeout: TEST_MS,
  }, async () => {
    const { alpha, beta, logAddresses } = await new Replicas().pair({ module });
    const address = await clientAddress(await startGateway(logAddresses));
    const clients = Array.from({ length: CLIENTS }, (_, index) => new Client(address, `account-${index}`));
    await Promise.all(clients.map((client) => client.addUp(1, REQUESTS_BEFORE)));
    const rest = Promise.all(clients.map((client) => client.addUp(REQUESTS_BEFORE + 1, REQUESTS)));
    alpha.kill('SIGKILL');
    await rest;
    await beta.event('go-live');

    for (const client of clients) {
      expect((await client.request('GET')).balance).toBe(REQUESTS);
      expect(client.connections.size).toBe(1);
    }
    const changes = clients.flatMap((client) => client.changes).sort((a, b) => a - b);
    expect(changes).toEqual(Array.from({ length: CLIENTS * REQUESTS }, (_, index) => index + 1));
  });
});
