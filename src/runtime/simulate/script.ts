/**
 * Scripts of client sessions for `ft-wasm simulate`: one step per line, carried out in order; `#` begins a comment.
 * ```
 * a: connect            open a connection named a to the guest's first listener (connect 1: to its second)
 * a: send "PING\r\n"    a JSON text whose characters are bytes; "x" * 40000 repeats it
 * a: wait "+PONG\r\n"   until that has come (what came before it is passed over)
 * a: wait 7             until so many more bytes have come
 * a: wait end           until the service has ended its side, or broken the connection
 * a: end                the client ends its side
 * a: reset              the client breaks the connection
 * pause 100ms           nobody does anything for so long
 * ```
 */
import { usage } from '../options.js';

export type ScriptStep =
  | { readonly kind: 'connect'; readonly name: string; readonly listener: number }
  | { readonly kind: 'send'; readonly name: string; readonly bytes: Uint8Array }
  | { readonly kind: 'wait'; readonly name: string; readonly bytes: Uint8Array }
  | { readonly kind: 'wait-count'; readonly name: string; readonly count: number }
  | { readonly kind: 'wait-end' | 'end' | 'reset'; readonly name: string }
  | { readonly kind: 'pause'; readonly ms: number };

export interface Script {
  readonly steps: readonly ScriptStep[];
  /** Line number of each step, for messages. */
  readonly lines: readonly number[];
  /** Listeners that the guest needs. */
  readonly listeners: number;
}

/** Parses a script. @throws FtWasmError FTW_USAGE naming the line */
export function parseScript(text: string): Script {
  const steps: ScriptStep[] = [];
  const lines: number[] = [];
  const opened = new Set<string>();
  for (const [index, line] of text.split('\n').entries()) {
    const code = line.trim();
    if (code === '' || code.startsWith('#')) continue;
    const step = parseStep(code, index + 1);
    if (step.kind === 'connect') {
      if (opened.has(step.name)) throw mistake(index + 1, `there is a connection '${step.name}' already`);
      opened.add(step.name);
    } else if (step.kind !== 'pause' && !opened.has(step.name)) {
      throw mistake(index + 1, `'${step.name}' has not been connected`);
    }
    steps.push(step);
    lines.push(index + 1);
  }
  const listeners = steps.map((step) => (step.kind === 'connect' ? step.listener + 1 : 1));
  return { steps, lines, listeners: Math.max(1, ...listeners) };
}

const SHAPE = /^(\w+):\s*(connect|send|wait|end|reset)\b\s*(.*)$/;

function parseStep(code: string, line: number): ScriptStep {
  const pause = /^pause\s+(\d+)ms$/.exec(code);
  if (pause !== null) return { kind: 'pause', ms: Number(pause[1]) };
  const [, name, verb, rest] = SHAPE.exec(code) ?? [];
  if (name === undefined || rest === undefined) {
    throw mistake(line, `expected 'NAME: connect|send|wait|end|reset ...' or 'pause 100ms', got '${code}'`);
  }
  switch (verb) {
    case 'connect':
      return { kind: 'connect', name, listener: rest === '' ? 0 : parseCount(rest, line) };
    case 'send':
      return { kind: 'send', name, bytes: parseBytes(rest, line) };
    case 'wait':
      if (rest === 'end') return { kind: 'wait-end', name };
      if (rest.startsWith('"')) return { kind: 'wait', name, bytes: parseBytes(rest, line) };
      return { kind: 'wait-count', name, count: parseCount(rest, line) };
    default:
      if (rest !== '') throw mistake(line, `'${verb}' takes nothing, got '${rest}'`);
      return { kind: verb as 'end' | 'reset', name };
  }
}

function parseCount(text: string, line: number): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw mistake(line, `expected a whole number, got '${text}'`);
}

function parseBytes(text: string, line: number): Uint8Array {
  const [, quoted, times] = /^(".*")(?:\s*\*\s*(\d{1,8}))?$/.exec(text) ?? [];
  if (quoted === undefined) throw mistake(line, `expected a text in double quotes, got '${text}'`);
  let value: string;
  try {
    value = String(JSON.parse(quoted)).repeat(times === undefined ? 1 : Number(times));
  } catch {
    throw mistake(line, `${quoted} is not a JSON text; control characters are written as \\r, \\n or \\u0000`);
  }
  const codes = Array.from(value, (character) => character.codePointAt(0) as number);
  if (codes.length === 0 || codes.some((code) => code > 0xff)) {
    throw mistake(line, 'a text stands for bytes: at least one character, each of them at most \\u00ff');
  }
  return Uint8Array.from(codes);
}

function mistake(line: number, what: string): Error {
  return usage(`script line ${line}: ${what}`);
}
