import { describe, expect, it } from 'vitest';
import { decodeMessage } from '../../../src/replica/codec.js';
import type { State } from '../../../src/replica/messages.js';
import { StateFrames } from '../../../src/runtime/state-frames.js';

const state = (fill: number, length = 1000, last = false): State => ({
  ...{ type: 'state', epoch: 3, last },
  piece: new Uint8Array(length).fill(fill),
});

describe('frames of a state', () => {
  it('use a buffer again once it was sent, not before', () => {
    const frames = new StateFrames();
    const first = frames.frame(state(1));
    const second = frames.frame(state(2));
    expect(second.payload.buffer).not.toBe(first.payload.buffer);
    first.onSent!();
    const third = frames.frame(state(3));
    expect(third.payload.buffer).toBe(first.payload.buffer);
    expect(decodeMessage(second.payload)).toMatchObject({ piece: state(2).piece });
    expect(decodeMessage(third.payload)).toMatchObject({ piece: state(3).piece, last: false });
  });

  it('have a copy of the piece', () => {
    const message = state(5);
    const { payload } = new StateFrames().frame(message);
    message.piece.fill(6);
    expect(decodeMessage(payload)).toMatchObject({ piece: state(5).piece });
  });

  it('that are large have a buffer of their own', () => {
    const { onSent, payload } = new StateFrames().frame(state(5, 1 << 20));
    expect(onSent).toBeUndefined();
    expect((decodeMessage(payload) as State).piece.length).toBe(1 << 20);
  });

  it('keep nothing once the state was sent', () => {
    const frames = new StateFrames();
    const sent = [frames.frame(state(1)), frames.frame(state(2)), frames.frame(state(3, 10, true))];
    for (const { onSent } of sent) onSent!();
    expect(frames.free).toBe(0);
  });
});
