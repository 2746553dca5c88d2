/** The TypeScript side of what is generated: constants, opcode numbers, encodings and the operators' mapping to IR. */
import { EXITS, MEMORY, RECORDS } from './abi.mjs';
import { HEADER, numbering } from './emit-assembly.mjs';
import { layOut } from './fields.mjs';
import { ALIASES, ROWS } from './table.mjs';

const FOLDER = 'src/engine/interpreter/generated';
const hex = (n) => `0x${n.toString(16)}`;
const object = (name, entries) =>
  `export const ${name} = {\n${entries.map(([key, value]) => `  ${key}: ${value},`).join('\n')}\n} as const;\n`;

function abiFile() {
  const parts = [
    '/** Fixed addresses in the linear memory of the interpreter. */',
    object(
      'Memory',
      Object.entries(MEMORY).map(([key, value]) => [key, hex(value)]),
    ),
    ...Object.entries(RECORDS).map(([name, members]) => object(name, Object.entries(members))),
    '/** Why the loop was left. */',
    object(
      'Exit',
      EXITS.map((name, value) => [name, value]),
    ),
  ];
  return `${HEADER}\n${parts.join('\n')}`;
}

function irFile(superops) {
  const { numbers, firstSuper, firstCold } = numbering(superops);
  const entries = ROWS.map((row) => [row.name, numbers.get(row.name)]);
  const shapes = ROWS.map((row) => {
    const { fields, size } = layOut(row);
    const text = fields.map((f) => `${f.name}${f.slot ? `:${f.type}` : ''}@${f.at}`).join(' ');
    return `  ['${row.name}', ${size}, '${text}'],`;
  });
  return `${HEADER}
/** Numbers of the IR instructions. */
${object('Ir', entries)}
/** Superinstructions have the opcodes from here to FIRST_COLD, in the order of SUPEROPS (superops.ts). */
export const FIRST_SUPEROP = ${firstSuper};
export const FIRST_COLD = ${firstCold};

/** Name, size in bytes and fields (name, slot type, byte offset) of each IR instruction. */
export const SHAPES: readonly (readonly [string, number, string])[] = [
${shapes.join('\n')}
];
`;
}

/** What the translator needs to know about an operator that maps to IR rows one to one. */
function operatorFile() {
  const byWasm = new Map();
  for (const row of ROWS) {
    for (const wasm of row.wasm ?? []) {
      const entry = byWasm.get(wasm) ?? byWasm.set(wasm, { form: row.form === 'ri' ? 'rr' : row.form }).get(wasm);
      if (row.form === 'ri') entry.ri = row.name;
      else Object.assign(entry, { form: row.form, ir: row.name });
      if (row.commutes) entry.commutes = true;
      if (row.canon || row.canonLanes) entry.canon = true;
    }
  }
  for (const { wasm, swapOf, ri, adjust } of ALIASES) {
    const entry = byWasm.get(wasm[0]) ?? byWasm.set(wasm[0], { form: 'rr' }).get(wasm[0]);
    if (swapOf) Object.assign(entry, { ir: swapOf, swap: true });
    else Object.assign(entry, { ri, adjust });
  }
  const lines = [...byWasm].map(([wasm, e]) => {
    const flags = `${e.canon ? ', canon: true' : ''}${e.commutes ? ', commutes: true' : ''}${e.swap ? ', swap: true' : ''}${e.ri ? `, ri: Ir.${e.ri}` : ''}${e.adjust ? `, adjust: '${e.adjust}'` : ''}`;
    return `  '${wasm}': { form: '${e.form}', ir: Ir.${e.ir}${flags} },`;
  });
  const branches = ROWS.filter((row) => row.branches).map(
    (row) => `  [Ir.${row.branches.replace('!', '')}, ${!row.branches.startsWith('!')}, Ir.${row.name}],`,
  );
  return `${HEADER}
import { Ir } from './ir.js';

/** How an operator's operands are encoded: registers (r, rr, rrr), a memory access, or a lane. */
export type Form = 'r' | 'rr' | 'rrr' | 'load' | 'store' | 'lane1' | 'lane2' | 'shuffle' | 'load_lane' | 'store_lane';

export interface Operator {
  readonly form: Form;
  readonly ir: number;
  /** The form with a 32-bit immediate as second operand. */
  readonly ri?: number;
  /** It is another operator's: with the immediate negated, rotated the other way, or (an order) the next greater one. */
  readonly adjust?: 'negate' | 'rotate' | 'next';
  /** A NaN result, or lane, becomes the canonical one. */
  readonly canon?: boolean;
  readonly commutes?: boolean;
  /** The IR instruction takes the operands in the opposite order. */
  readonly swap?: boolean;
}

export const OPERATORS: Readonly<Record<string, Operator>> = {
${lines.join('\n')}
};

/** Comparisons that fuse with a branch: comparison, whether the branch is taken when it holds, branch. */
export const FUSED_BRANCHES: readonly (readonly [number, boolean, number])[] = [
${branches.join('\n')}
];
`;
}

function superopFile(superops) {
  return `${HEADER}\n/** See tools/interp/superops.mjs for the notation. */\nexport const SUPEROPS: readonly string[] = [\n${superops.map((text) => `  '${text}',`).join('\n')}\n];\n`;
}

/** @returns {{file: string, text: string}[]} */
export function hostFiles(superops) {
  return [
    { file: `${FOLDER}/abi.ts`, text: abiFile() },
    { file: `${FOLDER}/ir.ts`, text: irFile(superops) },
    { file: `${FOLDER}/operators.ts`, text: operatorFile() },
    { file: `${FOLDER}/superops.ts`, text: superopFile(superops) },
  ];
}
