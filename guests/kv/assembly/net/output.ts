/** Sending replies: at once if the connection takes them, else kept until it does, within bounds. */
import { OUTPUT_BYTES_SOFT, OUTPUT_BYTES_SOFT_TIGHT, OUTPUT_BYTES_TOTAL } from '../limits';
import { clearReplies, handOverReplies, repliesBytes, repliesLength, replyLost } from '../protocol/reply';
import { nowMs } from '../store/clock';
import { appendOutput, Client, consumeOutput, outputTotal, pendingOutput, setOutput } from './client';
import { BROKEN, send, WOULD_BLOCK } from './socket';

/** Replies that this client may have unsent before its next request waits. */
export function outputAllowance(): u32 {
  return outputTotal > OUTPUT_BYTES_TOTAL ? OUTPUT_BYTES_SOFT_TIGHT : OUTPUT_BYTES_SOFT;
}

/** Sends the replies of this turn or keeps them; false if the client must be closed. */
export function flushReplies(client: Client): bool {
  if (replyLost) return false;
  const length = repliesLength();
  if (length == 0) return true;
  if (client.output) {
    if (!appendOutput(client, repliesBytes(), length)) return false;
    clearReplies();
    return true;
  }
  const sent = send(client.fd, repliesBytes(), length);
  if (sent == BROKEN) return false;
  if (sent == i32(length)) {
    clearReplies();
    return true;
  }
  const block = repliesBytes();
  // Without memory for a new buffer the server cannot answer anybody: give up this client's replies instead.
  if (!handOverReplies()) {
    clearReplies();
    return false;
  }
  setOutput(client, block, sent == WOULD_BLOCK ? 0 : u32(sent), length);
  return true;
}

/** Sends what was kept; false if the connection is broken. */
export function sendPending(client: Client): bool {
  const sent = send(client.fd, client.output + client.outputStart, pendingOutput(client));
  if (sent == BROKEN) return false;
  if (sent > 0) {
    consumeOutput(client, u32(sent));
    if (client.stalled) client.stalledSince = nowMs();
  }
  return true;
}
