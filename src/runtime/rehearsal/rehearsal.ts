/**
 * Failovers between parts in memory, played after a start. V8 runs slowly what has never run: it does not know which types will
 * come, nor where their properties are. Nearly all that a failover runs has never run before, and clients wait for it.
 */
import type { Timers } from '../ports.js';
import { rehearseGateway } from './gateway.js';
import { rehearseReplicas } from './replicas.js';

/** After about so many, further ones make nothing faster. */
const ROUNDS = 16;
/** Between two rounds, each of which takes a millisecond, and the first ones a few. */
const PAUSE_MS = 50;

/** What a gateway has to do in a failover, and what a replica has. */
export const GATEWAY_PLAYS: readonly Play[] = [rehearseGateway];
export const REPLICA_PLAYS: readonly Play[] = [
  () => rehearseReplicas('switch'),
  () => rehearseReplicas('death'),
  rehearseGateway,
];

type Play = () => unknown;

/** Begins to rehearse `plays`, beside everything else; the returned function ends that. */
export function rehearse(timers: Timers, plays: readonly Play[]): () => void {
  let cancel = (): void => {};
  const round = (left: number): void => {
    if (left === 0) return;
    cancel = timers.after(PAUSE_MS, () => {
      for (const play of plays) play();
      round(left - 1);
    });
  };
  round(ROUNDS);
  return () => cancel();
}
