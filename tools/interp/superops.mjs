/**
 * Superinstructions: sequences of IR instructions that run as one handler. They keep the encoding of their parts, only
 * the first opcode is replaced, so every part stays a valid branch target and the translator needs no second encoder.
 * superops.json lists them (made by train.mjs, checked in, reviewable) as text: parts separated by a blank, each a row
 * name with its links, for example `i32_shl_ri i32_add_rr:b-0 load32:a-1`. `b-0` says: operand b is the result of part
 * 0, an operand-stack temporary that nobody else reads, so it is never stored. `b=0` is a local's new value: it is
 * forwarded and stored as well.
 */
import { readFileSync } from 'node:fs';
import { ROWS } from './table.mjs';

const byName = new Map(ROWS.map((row) => [row.name, row]));

/** @returns the parts of a superinstruction as handlerLines wants them */
export function parseSuperop(text) {
  return text.split(' ').map((part) => {
    const [name, ...links] = part.split(':');
    const row = byName.get(name);
    if (row === undefined) throw new Error(`superops.json: no IR instruction is called ${name}`);
    const linked = links.map((link) => /^([a-z])([-=])(\d)$/.exec(link));
    return {
      row,
      links: Object.fromEntries(
        linked.map(([, field, kind, from]) => [field, { part: Number(from), drop: kind === '-' }]),
      ),
    };
  });
}

/** @returns {string[]} the superinstructions in the order of their opcodes */
export function loadSuperops(file = new URL('./superops.json', import.meta.url)) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
