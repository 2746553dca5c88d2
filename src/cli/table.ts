/** Text in columns. */

export type Align = 'left' | 'right';

/** Lines of `rows`, each column as wide as its widest cell; the last one is not padded. */
export function columns(rows: readonly (readonly string[])[], align: readonly Align[]): string[] {
  const widths = align.map((_, at) => Math.max(0, ...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, at) => pad(cell, widths[at] ?? 0, align[at] ?? 'left'))
      .join('  ')
      .trimEnd(),
  );
}

export function pad(cell: string, width: number, align: Align): string {
  return align === 'right' ? cell.padStart(width) : cell.padEnd(width);
}
