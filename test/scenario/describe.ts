/** One line per effect, in a notation made for reading. */
import type { ArbiterRecord } from '../../src/arbiter/arbiter.js';
import type { LogEnd, Message } from '../../src/replica/messages.js';
import type { Effect, PeerId } from '../../src/replica/types.js';

/** Undefined for what is left out: heartbeats. */
export function describeEffect(effect: Effect, peerName: (peer: PeerId) => string): string | undefined {
  switch (effect.type) {
    case 'heartbeat':
      return undefined;
    case 'send':
      return effect.message.type === 'heartbeat'
        ? undefined
        : `-> ${peerName(effect.peer)}: ${describeMessage(effect.message)}`;
    case 'close':
      return `closes ${peerName(effect.peer)}: ${effect.reason}`;
    case 'restore':
      return `restore ${effect.piece.length} bytes`;
    case 'restore-outputs':
      return 'restore-outputs';
    case 'append-to-guest':
      return `append-to-guest ${effect.firstEvent}-${effect.lastEvent}`;
    case 'arbiter-read':
      return 'arbiter-read';
    case 'arbiter-cas':
      return `arbiter-cas ${effect.expectedGeneration} => ${describeRecord(effect.record)}`;
    case 'event':
      return `event ${effect.name}${effect.level === 'info' ? '' : ` (${effect.level})`} ${describeFields(effect.fields)}`.trimEnd();
    case 'stop':
      return `STOPS with ${effect.exitCode}${effect.mayRejoin ? ' (may rejoin)' : ''}: ${effect.reason}`;
    default: {
      const { type, ...fields } = effect;
      return `${type} ${describeFields(fields)}`.trimEnd();
    }
  }
}

export function describeRecord(record: ArbiterRecord): string {
  const members = record.members.map((member) => `${member.id}/${member.incarnation}`).join(' ');
  const acks = record.acks === undefined ? '' : ` acks ${record.acks}`;
  return `epoch ${record.epoch} [${members}]${acks} live ${record.live}${record.ended ? ' ended' : ''}`;
}

function describeMessage(message: Message): string {
  switch (message.type) {
    case 'append':
      return `append ${message.firstEvent}-${message.lastEvent} (epoch ${message.epoch})`;
    case 'ack':
      return `ack ${message.receivedEvent}, executed ${message.executed.event} (epoch ${message.epoch})`;
    case 'configured':
      return `configured ${message.members.map((member) => member.id).join(' ')} (epoch ${message.epoch})`;
    case 'hello':
      return `hello ${message.id}/${message.incarnation}${describeLogEnd(message.logEnd)} (epoch ${message.epoch})`;
    case 'welcome':
      return `welcome ${describeBeginning(message.firstEvent)} (epoch ${message.epoch})`;
    case 'outputs':
      return `outputs up to event ${message.event} (epoch ${message.epoch})`;
    case 'state':
      return `state, ${message.piece.length} bytes${message.last ? ', last' : ''} (epoch ${message.epoch})`;
    case 'captured':
      return `captured at event ${message.event} (epoch ${message.epoch})`;
    case 'refuse':
      return `refuse ${message.code}: ${message.reason}`;
    default: {
      const { type, epoch, ...fields } = message;
      return `${type} ${describeFields(fields)} (epoch ${epoch})`.replace('  ', ' ');
    }
  }
}

function describeLogEnd(end: LogEnd | undefined): string {
  return end === undefined ? '' : ` with the log up to event ${end.event} of reign ${end.reign}`;
}

function describeBeginning(firstEvent: number): string {
  if (firstEvent === 0) return 'to stand by';
  return firstEvent === 1 ? 'from the start' : `to go on with event ${firstEvent}`;
}

function describeFields(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}
