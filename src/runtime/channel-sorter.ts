/** A replica's log address serves peers and gateways alike; the first frame of a connection shows which one calls. */
import type { Channel, ChannelHandlers } from '../transport/channel.js';
import type { FrameType } from '../transport/frame.js';
import type { Timers } from './ports.js';

/** A caller that says nothing for so long is cut: it may be a port scanner, or a peer that died while it connected. */
const FIRST_FRAME_MS = 5000;

export interface Sorting {
  /** The handlers for a caller whose first frame is of `type`. */
  choose(type: FrameType): ChannelHandlers;
  /** The channel has closed, sorted or not. */
  onClose(): void;
}

/** Starts `channel` and hands it to whatever `choose` returns for its first frame. */
export function sortChannel(channel: Channel, timers: Timers, { choose, onClose }: Sorting): void {
  let chosen: ChannelHandlers | undefined;
  const cancel = timers.after(FIRST_FRAME_MS, () => channel.destroy());
  channel.start({
    onFrame: (frame) => {
      if (chosen === undefined) {
        cancel();
        chosen = choose(frame.type);
      }
      chosen.onFrame(frame);
    },
    onClose: (reason) => {
      cancel();
      chosen?.onClose(reason);
      onClose();
    },
    onDrain: () => chosen?.onDrain?.(),
  });
}
