/** Decides whether a replica that says hello can become a backup, and says precisely why not. */
import { type Hello, PROTOCOL_VERSION, type RefusalCode, type Refuse } from './messages.js';
import type { ReplicaConfig } from './types.js';

export interface Refusal {
  readonly code: RefusalCode;
  readonly reason: string;
  readonly differs?: readonly string[];
}

/** What a backup answers to a hello; `primaryAddress` is empty where it knows of no primary itself. */
export function refuseAsBackup(id: string, epoch: number, primaryAddress: string): Refuse {
  const primary = primaryAddress === '' ? '' : `; dial the primary at ${primaryAddress}`;
  return { type: 'refuse', epoch, code: 'not-primary', reason: `${id} is a backup${primary}` };
}

/** Names of the facts that differ or are missing on one side, sorted. */
export function compareManifests(
  ours: Readonly<Record<string, string>>,
  theirs: Readonly<Record<string, string>>,
): string[] {
  const names = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return [...names].filter((name) => factOf(ours, name) !== factOf(theirs, name)).sort();
}

/** Checks what does not depend on the state of the service. */
export function checkHello(config: ReplicaConfig, hello: Hello): Refusal | undefined {
  if (hello.protocolVersion !== PROTOCOL_VERSION) {
    const reason = `${config.id} speaks protocol version ${PROTOCOL_VERSION}, ${hello.id} version ${hello.protocolVersion}; use the same release on both`;
    return { code: 'protocol-version', reason };
  }
  if (hello.service !== config.service) {
    const reason = `${config.id} serves ${quote(config.service)}, ${hello.id} wants ${quote(hello.service)}`;
    return { code: 'service-mismatch', reason };
  }
  if (hello.id === config.id) {
    return { code: 'duplicate-id', reason: `both replicas are called ${quote(hello.id)}; give each its own --id` };
  }
  const differs = compareManifests(config.manifest, hello.manifest);
  if (differs.length > 0) {
    return { code: 'manifest-mismatch', reason: describeDifferences(config, hello, differs), differs };
  }
  return undefined;
}

function describeDifferences(config: ReplicaConfig, hello: Hello, differs: readonly string[]): string {
  const facts = differs.map((name) => {
    const ours = factOf(config.manifest, name) ?? '(absent)';
    const theirs = factOf(hello.manifest, name) ?? '(absent)';
    return `${name} is ${shorten(ours)} on ${config.id} but ${shorten(theirs)} on ${hello.id}`;
  });
  return `the replicas are not configured alike: ${facts.join('; ')}`;
}

/** Own properties only: a peer may send any name, `constructor` included. */
function factOf(manifest: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(manifest, name) ? manifest[name] : undefined;
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
