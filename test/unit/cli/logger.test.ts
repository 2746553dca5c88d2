import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { errorText, exitCodeOf } from '../../../src/cli/exit-code.js';
import { createLogger, logEvents } from '../../../src/cli/logger.js';
import { EXIT_CODES, FtWasmError } from '../../../src/index.js';

/** A stand-in for stderr that keeps what is written to it. */
class Sink extends Writable {
  text = '';

  constructor(readonly isTTY: boolean) {
    super();
  }

  override _write(chunk: Uint8Array, _: string, done: () => void): void {
    this.text += chunk;
    done();
  }
}

const GO_LIVE = { name: 'go-live', level: 'info', fields: { replica: 'beta', epoch: 2 } } as const;

describe('the log', () => {
  it('is one JSON object per line, with the stable name as event', () => {
    const sink = new Sink(false);
    logEvents(createLogger(sink, { level: 'info', json: false }))(GO_LIVE);
    expect(JSON.parse(sink.text)).toEqual({
      level: 30,
      time: expect.any(Number),
      replica: 'beta',
      epoch: 2,
      event: 'go-live',
    });
    expect(sink.text).toMatch(/\n$/);
  });

  it('is pretty on a terminal, unless JSON was asked for', () => {
    const [pretty, json] = [new Sink(true), new Sink(true)];
    logEvents(createLogger(pretty, { level: 'info', json: false }))(GO_LIVE);
    logEvents(createLogger(json, { level: 'info', json: true }))(GO_LIVE);
    expect(pretty.text).toMatch(/INFO.*go-live.*"epoch":2/);
    expect(JSON.parse(json.text)).toMatchObject({ event: 'go-live' });
  });

  it('leaves out what is below its level', () => {
    const sink = new Sink(false);
    const log = logEvents(createLogger(sink, { level: 'warn', json: false }));
    log(GO_LIVE);
    log({ name: 'solo', level: 'warn', fields: {} });
    expect(sink.text.trim().split('\n')).toEqual([expect.stringContaining('"event":"solo"')]);
  });
});

describe('errors', () => {
  it('of operation are one line with their code', () => {
    const error = new FtWasmError('FTW_IO', 'cannot listen on :1');
    expect(errorText(error)).toBe('ft-wasm: cannot listen on :1 [FTW_IO]\n');
    expect(exitCodeOf(error)).toBe(EXIT_CODES.io);
  });

  it('of ours ask for a report and show where they come from', () => {
    const error = new TypeError('x is not a function');
    expect(errorText(error)).toMatch(
      /^ft-wasm: internal error, please report it \[FTW_INTERNAL\]\nTypeError: x is not.*\n/,
    );
    expect(errorText(error)).toContain('logger.test.ts');
    expect(exitCodeOf(error)).toBe(EXIT_CODES.internal);
  });
});
