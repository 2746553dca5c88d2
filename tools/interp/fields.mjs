/**
 * The encoding of an IR instruction: a u16 opcode, then all 16-bit fields, then (4-byte aligned) all wider ones, in the
 * order in which the row lists them. Slots are byte offsets from fp, so the handler adds and loads, nothing else.
 */

/** Slot fields carry the type in which the handler reads or writes them. */
export const SLOT_TYPES = {
  i32: { local: 'u32', load: (at) => `load<u32>(${at})`, save: (at, v) => `store<u64>(${at}, <u64>${v})` },
  i64: { local: 'u64', load: (at) => `load<u64>(${at})`, save: (at, v) => `store<u64>(${at}, ${v})` },
  f32: {
    local: 'f32',
    load: (at) => `load<f32>(${at})`,
    save: (at, v) => `store<u64>(${at}, <u64>reinterpret<u32>(${v}))`,
  },
  f64: { local: 'f64', load: (at) => `load<f64>(${at})`, save: (at, v) => `store<f64>(${at}, ${v})` },
  v128: { local: 'v128', load: (at) => `v128.load(${at})`, save: (at, v) => `v128.store(${at}, ${v})` },
  /** Not a value but the slot's own address: for accesses to a part of it. */
  address: { local: 'u32', load: (at) => at },
};

const SLOT_NAMES = new Set(['d', 'a', 'b', 'c', 'v']);
/** Immediates by name: width in bytes, type of the value and how it is read. `imm` takes its type from the row. */
const IMMEDIATES = {
  costT: [2, 'u16'],
  costN: [2, 'u16'],
  cost: [2, 'u16'],
  delta: [2, 'u16'],
  hdr: [2, 'u16'],
  bytes: [2, 'u16'],
  lane: [2, 'u16'],
  pad: [2, 'u16'],
  off: [4, 'u32'],
  rel: [4, 'i32'],
  addr: [4, 'u32'],
  target: [4, 'u32'],
  table: [4, 'u32'],
  type: [4, 'u32'],
  count: [4, 'u32'],
  imm64: [8, 'u64'],
  imm128: [16, 'v128'],
};

function parseField(text) {
  const [name, type] = text.split(':');
  if (SLOT_NAMES.has(name)) return { name, slot: true, type: type ?? 'i64', width: 2 };
  if (name === 'imm') {
    const long = type === 'i64';
    const read = long ? (at) => `<u64><i64>load<i32>(${at})` : (at) => `load<u32>(${at})`;
    return { name, slot: false, width: 4, local: long ? 'u64' : 'u32', read };
  }
  const [width, local] = IMMEDIATES[name] ?? fail(text);
  const read = local === 'v128' ? (at) => `v128.load(${at})` : (at) => `load<${local}>(${at})`;
  return { name, slot: false, width, local, read };
}

function fail(text) {
  throw new Error(`unknown field ${text}`);
}

/** Parsed fields of a row with their byte offsets, and the size of the instruction. */
export function layOut(row) {
  const fields = row.fields === '' ? [] : row.fields.split(' ').map(parseField);
  let at = 2;
  for (const field of fields.filter((f) => f.width === 2)) {
    field.at = at;
    at += 2;
  }
  at = (at + 3) & ~3;
  for (const field of fields.filter((f) => f.width > 2)) {
    field.at = at;
    at += field.width;
  }
  return { fields, size: at };
}
