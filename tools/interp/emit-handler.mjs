/** Turns rows of the IR table, alone or fused into a superinstruction, into the AssemblyScript of one `case`. */
import { layOut, SLOT_TYPES } from './fields.mjs';
import { CHARGE } from './table-control.mjs';

const semicolon = (line) => (/[;{}]$/.test(line) ? line : `${line};`);

/** A value of local type `from` seen as `to`: slots are raw 64-bit words, so this is free or a register move. */
function convert(value, from, to) {
  if (from === to) return value;
  if (to === 'u64')
    return from === 'f64'
      ? `reinterpret<u64>(${value})`
      : from === 'f32'
        ? `<u64>reinterpret<u32>(${value})`
        : `<u64>${value}`;
  if (to === 'u32') return from === 'f32' ? `reinterpret<u32>(${value})` : `<u32>${convert(value, from, 'u64')}`;
  if (to === 'f64') return `reinterpret<f64>(${convert(value, from, 'u64')})`;
  if (to === 'f32') return `reinterpret<f32>(${convert(value, from, 'u32')})`;
  throw new Error(`a ${from} cannot be seen as ${to}`);
}

/** One part of a handler. `links` maps a source field to {part, drop}: its value comes from an earlier part. */
class Part {
  constructor(row, index, offset, links, fused) {
    Object.assign(this, { row, index, offset, links, fused });
    const { fields, size } = layOut(row);
    this.fields = fields;
    this.size = size;
    this.result = fields.find((field) => field.name === 'd' && field.slot);
  }

  name(field) {
    return this.fused ? `${field}${this.index}` : field;
  }

  /** `pc, 12`: where a field of this part is. */
  place(field) {
    return `pc, ${this.offset + field.at}`;
  }

  slot(field) {
    return `fp + load<u16>(${this.place(field)})`;
  }

  substitute(text) {
    return text
      .replaceAll(/@([a-z])\b/g, (_, name) => String(this.offset + this.fields.find((f) => f.name === name).at))
      .replaceAll(/\$([a-z]+[A-Z0-9]*)/g, (_, name) => this.name(name))
      .replaceAll(/\bea\b/g, this.name('ea'));
  }

  bindings(parts) {
    const lines = [];
    for (const field of this.fields.filter((f) => f !== this.result && this.isUsed(f))) {
      const variable = this.name(field.name);
      if (!field.slot) {
        lines.push(`const ${variable}: ${field.local} = ${field.read(this.place(field))};`);
        continue;
      }
      const { local, load } = SLOT_TYPES[field.type];
      const link = this.links[field.name];
      const value = link ? parts[link.part].forwarded(local) : load(this.slot(field));
      lines.push(`const ${variable}: ${local} = ${value};`);
    }
    return lines;
  }

  /** Costs and relative targets are read by the endings themselves. */
  isUsed(field) {
    const { row } = this;
    const text = [
      row.expr,
      row.branch,
      ...(row.effect ?? []),
      ...(row.after ?? []),
      ...(row.traps ?? []).map((t) => t[0]),
    ].join(' ');
    const inControl = row.control?.(0).join(' ') ?? '';
    if (row.access && (field.name === 'a' || field.name === 'off')) return true;
    return `${text} ${inControl}`.includes(`$${field.name}`);
  }

  forwarded(local) {
    return convert(this.name('d'), SLOT_TYPES[this.result.type].local, local);
  }

  trap(condition, code) {
    const back = this.offset > 0 ? `pc += ${this.offset}; ` : '';
    return `if (${condition}) { ${back}code = Exit.${code}; break; }`;
  }

  checks() {
    const { row } = this;
    const lines = (row.traps ?? []).map(([condition, code]) => this.trap(this.substitute(condition), code));
    if (row.access === undefined) return lines;
    const ea = this.name('ea');
    const wide = `${ea}Wide`;
    // The casts matter: asc widens the operands of an expression to the type that its context wants.
    lines.push(`const ${wide}: u64 = <u64><u32>${this.name('a')} + <u64><u32>${this.name('off')};`);
    lines.push(this.trap(`${wide} + ${row.access} > limit`, 'MEMORY_OUT_OF_BOUNDS'));
    lines.push(`const ${ea}: u32 = <u32>${wide};`);
    return lines;
  }

  /** Statements up to the result's store; `dropped`: a later part has taken the only use of the result. */
  value(dropped) {
    const { row } = this;
    const lines = (row.effect ?? []).map((line) => semicolon(this.substitute(line)));
    if (row.expr === undefined) return lines;
    const { local, save } = SLOT_TYPES[this.result.type];
    const d = this.name('d');
    lines.push(`let ${d}: ${local} = ${this.substitute(row.expr)};`);
    if (row.canon) lines.push(`if (${d} != ${d}) ${d} = <${local}>NaN;`);
    if (row.canonLanes) lines.push(`${d} = canonical_${row.canonLanes}(${d});`);
    if (!dropped) lines.push(`${save(this.slot(this.result), d)};`);
    lines.push(...(row.after ?? []).map((line) => semicolon(this.substitute(line))));
    return lines;
  }

  branch() {
    const at = (name) => this.place(this.fields.find((field) => field.name === name));
    return [
      'let charge: i64;',
      `if (${this.substitute(this.row.branch)}) {`,
      `  charge = <i64>load<u16>(${at('costT')});`,
      `  pc += ${this.offset > 0 ? `${this.offset} + ` : ''}load<i32>(${at('rel')});`,
      '} else {',
      `  charge = <i64>load<u16>(${at('costN')});`,
      `  pc += ${this.offset + this.size};`,
      '}',
      ...CHARGE('charge'),
    ];
  }

  body(parts, dropped) {
    const { row } = this;
    const lines = [...this.bindings(parts), ...this.checks()];
    if (row.branch !== undefined) return [...lines, ...this.branch()];
    if (row.control) return [...lines, ...row.control(this.offset).map((line) => this.substitute(line))];
    return [...lines, ...this.value(dropped)];
  }
}

/**
 * The statements of a handler.
 * @param sequence [{row, links}]: one entry for a plain instruction, several for a superinstruction
 */
export function handlerLines(sequence) {
  const parts = [];
  let offset = 0;
  for (const [index, { row, links }] of sequence.entries()) {
    parts.push(new Part(row, index, offset, links, sequence.length > 1));
    offset += parts[index].size;
  }
  const dropped = new Set(
    sequence.flatMap(({ links }) =>
      Object.values(links)
        .filter((l) => l.drop)
        .map((l) => l.part),
    ),
  );
  const lines = parts.flatMap((part, index) => part.body(parts, dropped.has(index)));
  const last = sequence.at(-1).row;
  if (last.branch === undefined && last.control === undefined) lines.push(`pc += ${offset};`, 'continue;');
  return lines;
}
