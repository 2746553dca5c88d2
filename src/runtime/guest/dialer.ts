/** Outgoing connections as the guest's thread sees them: questions to the I/O thread, which dials. */
import type { DialError, HostDialer, StreamId, Ticket } from '../../host/services.js';
import type { Inbox } from './inbox.js';
import type { Outbox } from './outbox.js';
import type { Question } from './protocol.js';

export class GuestDialer implements HostDialer {
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  #next = 1;

  constructor(inbox: Inbox, outbox: Outbox) {
    this.#inbox = inbox;
    this.#outbox = outbox;
  }

  connect(octets: readonly number[], port: number): Ticket {
    return this.#ask({ kind: 'connect', octets, port });
  }

  resolve(name: string): Ticket {
    return this.#ask({ kind: 'resolve', name });
  }

  connected(ticket: Ticket): StreamId | DialError | undefined {
    const answer = this.#inbox.takeAnswer(ticket);
    if (answer === undefined || 'error' in answer) return answer;
    return 'stream' in answer ? answer.stream : { error: 'EIO' };
  }

  resolved(ticket: Ticket): readonly (readonly number[])[] | DialError | undefined {
    const answer = this.#inbox.takeAnswer(ticket);
    if (answer === undefined || 'error' in answer) return answer;
    return 'addresses' in answer ? answer.addresses : { error: 'EIO' };
  }

  #ask(question: Question): Ticket {
    const ticket = this.#next++;
    this.#inbox.asked();
    this.#outbox.ask(ticket, question);
    return ticket;
  }
}
