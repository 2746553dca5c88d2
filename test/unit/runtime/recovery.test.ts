/** Connections that cannot be continued, because their clients may have seen more than was found on disk. */
import { expect, it } from 'vitest';
import { ReplicaPort } from '../../../src/gateway/replica-port.js';
import { gatewayNumber, gatewayStream } from '../../../src/gateway/stream-id.js';
import { takeProgressPayload } from '../../../src/runtime/gateway-links.js';
import { abandonStreams } from '../../../src/runtime/recovery.js';

const FIRST = gatewayNumber(1, 0);
const SECOND = gatewayNumber(1, 1);
const DIRECT = 3;

it('are given up before gateways are served, reset in the guest, and known to whoever recovers next', () => {
  const resets: number[] = [];
  const guest = { open() {}, data() {}, eof() {}, reset: (stream: number) => void resets.push(stream), credit() {} };
  const port = new ReplicaPort('kv', guest);
  const [known, adopted] = [gatewayStream(FIRST, 0), gatewayStream(SECOND, 0)];
  port.send(known, new Uint8Array(5));
  const streams = [
    { stream: adopted, inputOffset: 7 },
    { stream: DIRECT, inputOffset: 1 },
  ];
  let numberWhenServed = 0;
  port.whenLive(() => {
    numberWhenServed = port.numberOf(FIRST)!;
  });
  const progress = abandonStreams(port, streams, () => port.serve(2, streams, 100));
  // A gateway that comes back with its old number gets a new one.
  expect(numberWhenServed).toBe(gatewayNumber(2, 0));
  expect(resets.sort()).toEqual([known, adopted].sort());
  const next = new ReplicaPort('kv', guest);
  takeProgressPayload(next, progress);
  expect([FIRST, SECOND].map((gateway) => next.isGivenUp(gateway))).toEqual([true, true]);
});
