/** What `run`, `record` and `replay` say on stderr: nothing, unless there is something to say. */
import type { Writable } from 'node:stream';
import type { RunExit, StateDigest } from '../index.js';

/** Ends that speak for themselves. */
const QUIET: readonly string[] = ['returned', 'exited'];
const BROKEN_PIPE = 'EPIPE';
const SUBJECTS: Readonly<Record<string, string>> = { trapped: 'the guest ', 'out-of-fuel': 'the guest is ' };

export class RunReporter {
  constructor(
    private readonly stderr: Writable,
    private readonly json: boolean,
  ) {}

  warning(message: string): void {
    this.#say('warning', { message }, [`ft-wasm: ${message}`]);
  }

  stateDigest(state: StateDigest): void {
    const { counter, event, digest, memory } = state;
    const line = `ft-wasm: state at counter ${counter}, event ${event}: calls ${digest}, memory ${memory}`;
    this.#say('state', { ...state }, [line]);
  }

  end({ reason, stats, error, exitCode }: RunExit): void {
    if (error?.details['errno'] === BROKEN_PIPE) return;
    if (error !== undefined) {
      this.#say('error', { ...error, exitCode }, [
        `ft-wasm: ${error.message} [${error.code}]`,
        ...history(error.details),
      ]);
    } else if (!QUIET.includes(stats.outcome)) {
      const { outcome } = stats;
      const subject = SUBJECTS[outcome] ?? '';
      this.#say('end', { outcome, reason, exitCode }, [`ft-wasm: ${subject}${reason}`]);
    }
  }

  #say(kind: string, fields: Readonly<Record<string, unknown>>, lines: readonly string[]): void {
    const text = this.json ? JSON.stringify({ kind, ...fields }, plainBigInt) : lines.join('\n');
    this.stderr.write(`${text}\n`);
  }
}

/** The entries before a divergence, oldest first. */
function history(details: Readonly<Record<string, unknown>>): string[] {
  const { recent } = details;
  if (!Array.isArray(recent) || recent.length === 0) return [];
  return ['  last entries before it:', ...recent.map((entry) => `    ${entryLine(entry as Record<string, unknown>)}`)];
}

function entryLine({ call, counter, result }: Readonly<Record<string, unknown>>): string {
  return `${call} at counter ${counter}: ${result}`;
}

function plainBigInt(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
