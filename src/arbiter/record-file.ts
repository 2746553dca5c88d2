/** The content of a record file: JSON for people's sake, checked strictly for ours. */
import { ArbiterError } from '../errors.js';
import type { ArbiterRecord, Member } from './arbiter.js';

const FORMAT = 'ft-wasm arbiter record';
const VERSION = 1;

export interface RecordFile {
  readonly record: ArbiterRecord;
  /** Tells one writer's attempt from any other, also when both write the same record. */
  readonly nonce: string;
}

export function encodeRecordFile({ record, nonce }: RecordFile): string {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, nonce, record }, undefined, 2)}\n`;
}

/**
 * @param name of the file, for messages
 * @throws ArbiterError if the text is not a record of this version
 */
export function decodeRecordFile(text: string, name: string): RecordFile {
  const value = parse(text, name);
  if (!isObject(value) || value['format'] !== FORMAT) throw damaged(name, `it is not an ${FORMAT}`);
  if (value['version'] !== VERSION) {
    throw damaged(name, `its version is ${JSON.stringify(value['version'])}, this release reads version ${VERSION}`);
  }
  const { nonce, record } = value;
  if (typeof nonce !== 'string' || !isRecord(record)) throw damaged(name, 'fields are missing or of the wrong type');
  return { record, nonce };
}

function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(name, 'it is not JSON', error);
  }
}

function isRecord(value: unknown): value is ArbiterRecord {
  if (!isObject(value)) return false;
  const { epoch, members, live, service, ended, acks } = value;
  return (
    Number.isSafeInteger(epoch) &&
    (epoch as number) >= 1 &&
    Array.isArray(members) &&
    members.every(isMember) &&
    typeof live === 'string' &&
    typeof service === 'string' &&
    (acks === undefined || (Number.isSafeInteger(acks) && (acks as number) >= 1)) &&
    (ended === undefined || typeof ended === 'boolean')
  );
}

function isMember(value: unknown): value is Member {
  if (!isObject(value)) return false;
  const { id, incarnation, address } = value;
  const addressed = address === undefined || typeof address === 'string';
  return typeof id === 'string' && typeof incarnation === 'string' && addressed;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function damaged(name: string, why: string, cause?: unknown): ArbiterError {
  const advice = 'if no replica of the service is running, remove it';
  return new ArbiterError(`the arbiter record ${name} cannot be used: ${why}; ${advice}`, { file: name }, { cause });
}
