/**
 * One client of the service: sends requests, some at once, and compares every byte that comes back with what a machine
 * that never fails would have sent. It never reconnects: its connection must survive whatever happens to the replicas.
 */
import { Connection } from './connection.js';
import type { GatewayProcess } from './gateway-process.js';
import { bytesText, Conversation, RequestKind, requestLine, textBytes } from './lines.js';
import type { Random } from './random.js';
import type { World } from './world.js';

export interface ClientPlan {
  readonly requests: number;
  /** Requests that wait for their reply at one time. */
  readonly pipeline: number;
  readonly paddingMax: number;
  /** Longest pause between two requests. */
  readonly thinkMsMax: number;
  readonly silentShare: number;
  /** How the last request leaves: half-close, by the service's hand, after the service's half-close, or in anger. */
  readonly ending: 'end' | 'quit' | 'half-close' | 'abort';
}

export function drawPlan(random: Random): ClientPlan {
  const bulky = random.chance(0.04);
  return {
    requests: random.whole(1, 10),
    pipeline: bulky ? 12 : random.whole(1, 4),
    paddingMax: bulky ? 60_000 : random.pick([0, 5, 40]),
    thinkMsMax: random.pick([1, 20, 150]),
    silentShare: random.pick([0, 0, 0.3, 1]),
    ending: random.pick(['end', 'end', 'quit', 'half-close', 'abort']),
  };
}

/** A request on its way. */
interface Asked {
  /** How its reply must begin. */
  readonly expected: string;
  /** Highest count that was known when it was sent. */
  readonly countBefore: number;
  /** How many requests had been sent then, this one included. */
  readonly sent: number;
}

export class SimClient {
  readonly name: string;
  readonly plan: ClientPlan;
  readonly sentIds: string[] = [];
  /** What it was sent, line by line. */
  readonly received: string[] = [];
  /** `over`: its connection has ended as it should. `lost`: by something that excuses it. */
  state: 'open' | 'over' | 'lost' = 'open';
  readonly #world: World;
  readonly #gateway: GatewayProcess;
  readonly #connection: Connection;
  readonly #conversation = new Conversation();
  readonly #asked: Asked[] = [];
  /** Run of the service in which it began. */
  readonly run: number;
  readonly #startedMs: number;
  #received = '';
  #replies = 0;
  /** How many of its requests the last reply shows to be executed: all up to the one it answers. */
  #answered = 0;
  /** Its connection went down with its gateway. */
  #cutOff = false;
  /** Each side's end. */
  #finished = false;
  #outputEnded = false;

  constructor(world: World, gateway: GatewayProcess, name: string, plan: ClientPlan) {
    this.#world = world;
    this.#gateway = gateway;
    this.name = name;
    this.plan = plan;
    this.run = world.checker.runs;
    this.#startedMs = world.scheduler.nowMs;
    this.#connection = new Connection(gateway, {
      data: (bytes) => this.#data(bytes),
      end: () => this.#end(),
      reset: () => this.#reset(),
    });
    this.#next();
  }

  /** What must have been executed: last words, which ask for no reply, may have been with a gateway that died. */
  get certainIds(): readonly string[] {
    return this.#cutOff ? this.sentIds.slice(0, this.#answered) : this.sentIds;
  }

  describe(): string {
    const { requests, ending } = this.plan;
    return `${this.name} (${ending}) has ${this.#replies} replies, ${this.#asked.length} owed, ${this.sentIds.length} of ${requests} sent`;
  }

  #next(): void {
    const { random, scheduler } = this.#world;
    scheduler.after(random.between(0, this.plan.thinkMsMax), () => {
      if (this.state !== 'open' || this.#finished) return;
      if (this.#asked.length >= this.plan.pipeline) this.#next();
      else this.#step();
    });
  }

  #step(): void {
    const { random } = this.#world;
    const left = this.plan.requests - this.sentIds.length;
    if (left > 0) {
      const silent = random.chance(this.plan.silentShare);
      const last = left === 1 && this.plan.ending !== 'end' && this.plan.ending !== 'abort';
      if (last) this.#request(this.plan.ending === 'quit' ? RequestKind.Quit : RequestKind.HalfClose);
      else this.#request(silent ? RequestKind.Silent : RequestKind.Ask);
      this.#next();
      return;
    }
    this.#finished = true;
    if (this.plan.ending === 'abort') this.#abort();
    else if (this.plan.ending !== 'quit') {
      if (this.plan.ending === 'half-close') this.#request(RequestKind.Silent);
      this.#connection.endInput();
    }
    this.#overIfBothEnded();
  }

  #overIfBothEnded(): void {
    if (this.state === 'open' && this.#outputEnded && this.#finished) this.state = 'over';
  }

  #abort(): void {
    this.state = 'lost';
    this.#connection.abort();
  }

  #request(kind: RequestKind): void {
    const { random, checker } = this.#world;
    const id = `${this.name}.${this.sentIds.length + 1}`;
    this.sentIds.push(id);
    const line = requestLine(kind, id, random.whole(0, this.plan.paddingMax));
    const expected = this.#conversation.take(line);
    if (kind !== RequestKind.Silent) {
      this.#asked.push({ expected, countBefore: checker.countMax, sent: this.sentIds.length });
    }
    const bytes = textBytes(`${line}\n`);
    // Not every request arrives in one piece.
    const cut = random.chance(0.3) ? random.whole(1, bytes.length - 1) : bytes.length;
    this.#connection.send(bytes.subarray(0, cut));
    if (cut < bytes.length) this.#connection.send(bytes.subarray(cut));
  }

  #data(bytes: Uint8Array): void {
    this.#received += bytesText(bytes);
    for (let end = this.#received.indexOf('\n'); end >= 0; end = this.#received.indexOf('\n')) {
      const line = this.#received.slice(0, end);
      this.#received = this.#received.slice(end + 1);
      this.#reply(line);
    }
    const expected = this.#asked[0]?.expected;
    const begun = this.#received;
    if (begun !== '' && !(expected?.startsWith(begun) || (expected && begun.startsWith(expected)))) {
      this.#fail(`was sent ${JSON.stringify(begun)} where ${JSON.stringify(expected)} was due`);
    }
  }

  #reply(line: string): void {
    const { checker } = this.#world;
    const asked = this.#asked.shift();
    const count = Number(line.slice(asked?.expected.length));
    if (asked === undefined || !line.startsWith(asked.expected) || !Number.isInteger(count)) {
      this.#fail(`was sent ${JSON.stringify(line)} where ${JSON.stringify(asked?.expected)} was due`);
    }
    this.received.push(line);
    this.#replies++;
    this.#answered = asked.sent;
    if (this.run === checker.runs) checker.counted(this.name, count, asked.countBefore);
  }

  /** The service has ended its side. */
  #end(): void {
    if (this.state !== 'open') return;
    if (this.#guestExited && (this.#asked.length > 0 || !this.#finished)) {
      this.state = 'lost';
      this.#connection.endInput();
      return;
    }
    if (this.#asked.length > 0) this.#fail(`was closed although ${this.#asked.length} replies are owed`);
    const { ending } = this.plan;
    if (ending === 'end' && !this.#finished) this.#fail('was closed although it had not finished');
    this.#outputEnded = true;
    this.#overIfBothEnded();
    if (ending === 'quit') this.#connection.endInput();
  }

  #reset(): void {
    if (!this.#gateway.running) this.#cutOff = true;
    if (this.state !== 'open') return;
    const givenUp = this.#startedMs <= this.#gateway.givenUpMs;
    const excused = givenUp || !this.#gateway.running || this.run !== this.#world.checker.runs || this.#guestExited;
    if (!excused) this.#fail('was reset');
    this.state = 'lost';
  }

  /** Its connections have ended with it, those included that came while it still waited for others to take its output. */
  get #guestExited(): boolean {
    return this.#world.replicas.some(({ exitedInRun = -1, running }) => exitedInRun >= (running ? 0 : this.run));
  }

  #fail(what: string): never {
    return this.#world.checker.fail(`client ${this.name} ${what} (${this.describe()})`);
  }
}
