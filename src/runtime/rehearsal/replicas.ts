/** A pair of replicas whose primary hands over or dies: the real protocol, with messages handed on at once. */
import { MemoryArbiter } from '../../arbiter/memory.js';
import { Replica } from '../../replica/replica.js';
import { type ArbiterResult, type Effect, type Input, REPLICA_DEFAULTS } from '../../replica/types.js';

const EVENTS = 4;
/** Each of the two has one connection. */
const PEER = 1;
const BATCH = new Uint8Array(32);

/** Plays it to its end; returns what the former backup is then, and whether it was told to go live. */
export function rehearseReplicas(end: 'switch' | 'death'): { role: string; wentLive: boolean } {
  const stage = new Stage();
  const { primary, backup } = stage;
  stage.input(primary, { type: 'start' });
  stage.input(backup, { type: 'start' });
  for (let event = 1; event <= EVENTS; event++) stage.log(primary, event);
  if (end === 'switch') {
    stage.input(primary, { type: 'shutdown' });
  } else {
    stage.input(backup, { type: 'peer-closed', peer: PEER, reason: 'connection ended' });
    stage.input(backup, { type: 'probe-result', address: primary.config.logAddress, gone: true });
  }
  stage.input(backup, { type: 'guest-live' });
  stage.log(backup, EVENTS + 1);
  return { role: backup.role, wentLive: stage.wentLive };
}

class Stage {
  readonly primary = newReplica('primary');
  readonly backup = newReplica('backup');
  wentLive = false;
  readonly #arbiter = new MemoryArbiter();
  readonly #waiting: { readonly to: Replica; readonly input: Input }[] = [];

  /** Carries out all that comes of it. */
  input(to: Replica, input: Input): void {
    this.#waiting.push({ to, input });
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      for (const effect of next.to.step(next.input, 0)) this.#carryOut(next.to, effect);
    }
  }

  /** The live guest of `replica` logs an event, its outputs leave, and a moment passes. */
  log(replica: Replica, event: number): void {
    this.input(replica, { type: 'log', firstEvent: event, lastEvent: event, counter: event, batch: BATCH });
    this.input(replica, { type: 'outputs-left', event });
    for (const each of [this.primary, this.backup]) this.input(each, { type: 'tick' });
  }

  #carryOut(replica: Replica, effect: Effect): void {
    const other = replica === this.primary ? this.backup : this.primary;
    switch (effect.type) {
      case 'connect':
        this.#later(replica, { type: 'peer-connected', peer: PEER, dialled: true, address: effect.address });
        this.#later(other, { type: 'peer-connected', peer: PEER, dialled: false });
        break;
      case 'send':
        this.#later(other, { type: 'message', peer: PEER, message: effect.message });
        break;
      case 'heartbeat':
        this.#later(other, { type: 'heartbeat', message: effect.message });
        break;
      case 'arbiter-read':
        this.#answer(replica, effect.requestId, { kind: 'read', current: this.#arbiter.state });
        break;
      case 'arbiter-cas': {
        const result = this.#arbiter.apply(effect.expectedGeneration, effect.record);
        const { requestId } = effect;
        if (result.won) this.#answer(replica, requestId, { kind: 'won', generation: result.generation });
        else this.#answer(replica, requestId, { kind: 'lost', current: result.current });
        break;
      }
      case 'go-live':
        this.wentLive = true;
        break;
      default:
        break;
    }
  }

  #answer(replica: Replica, requestId: number, result: ArbiterResult): void {
    this.#later(replica, { type: 'arbiter-result', requestId, result });
  }

  #later(to: Replica, input: Input): void {
    this.#waiting.push({ to, input });
  }
}

function newReplica(role: 'primary' | 'backup'): Replica {
  const names = { id: role, incarnation: role, service: '', logAddress: role, primaryAddress: 'primary' };
  return new Replica({ ...REPLICA_DEFAULTS, ...names, role, manifest: {}, minBackups: 1 });
}
