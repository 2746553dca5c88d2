/**
 * What is said to etcd's JSON gateway, and what it answers (etcd API v3, "gRPC gateway"; keys and values are base64, 64-bit
 * numbers are decimal strings).
 *
 * A key's `version` counts the times it was put since it was created: exactly an arbiter's generation, and 0 if there is no
 * such key. A transaction that compares it and puts is the compare-and-set.
 */
import { ArbiterError } from '../../errors.js';
import type { ArbiterState } from '../arbiter.js';
import { decodeRecordFile } from '../record-file.js';

/** A record as etcd holds it, with the nonce of whoever wrote it. */
export interface EtcdRecord extends ArbiterState {
  readonly nonce: string;
}

export interface EtcdRequest {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Linearizable, as reads of etcd are by default: an older record is never answered once a newer one was. */
export function readRequest(key: string): EtcdRequest {
  return { path: '/v3/kv/range', body: { key: base64(key) } };
}

/** Puts `value` if the key's version is `generation`; else asks for what is there. */
export function replaceRequest(key: string, generation: number, value: string): EtcdRequest {
  const at = { key: base64(key) };
  return {
    path: '/v3/kv/txn',
    body: {
      compare: [{ ...at, target: 'VERSION', result: 'EQUAL', version: String(generation) }],
      success: [{ request_put: { ...at, value: base64(value) } }],
      failure: [{ request_range: at }],
    },
  };
}

export function loginRequest(name: string, password: string): EtcdRequest {
  return { path: '/v3/auth/authenticate', body: { name, password } };
}

/** @throws ArbiterError if it is no answer to {@link readRequest}, or the record is damaged */
export function decodeRead(answer: unknown, key: string): EtcdRecord | undefined {
  const { header, kvs } = object(answer, key);
  if (header === undefined) throw unexpected(key);
  return decodeKeyValues(kvs, key);
}

/** `replaced`: it is written. @throws ArbiterError if it is no answer to {@link replaceRequest} */
export function decodeReplaced(
  answer: unknown,
  key: string,
): { replaced: true } | { replaced: false; current: EtcdRecord | undefined } {
  const { header, succeeded, responses } = object(answer, key);
  if (header === undefined) throw unexpected(key);
  if (succeeded === true) return { replaced: true };
  const [response] = Array.isArray(responses) ? responses : [];
  const range = object(object(response, key)['response_range'], key);
  return { replaced: false, current: decodeKeyValues(range['kvs'], key) };
}

/** @throws ArbiterError if it is no answer to {@link loginRequest} */
export function decodeLogin(answer: unknown, key: string): string {
  const { token } = object(answer, key);
  if (typeof token !== 'string') throw unexpected(key);
  return token;
}

function decodeKeyValues(kvs: unknown, key: string): EtcdRecord | undefined {
  if (kvs === undefined) return undefined;
  if (!Array.isArray(kvs)) throw unexpected(key);
  if (kvs.length === 0) return undefined;
  const { version, value } = object(kvs[0], key);
  const generation = Number(version);
  if (!Number.isSafeInteger(generation) || generation < 1) throw unexpected(key);
  const text = Buffer.from(typeof value === 'string' ? value : '', 'base64').toString('utf8');
  const { record, nonce } = decodeRecordFile(text, `${key} in etcd`);
  return { generation, record, nonce };
}

function object(value: unknown, key: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw unexpected(key);
  return value as Record<string, unknown>;
}

function unexpected(key: string): ArbiterError {
  return new ArbiterError(`what answers about ${key} does not speak the JSON API of etcd 3.4 or later`, { key });
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
