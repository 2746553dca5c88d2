/** Plain text tables for people. */
import { quantile } from './statistics.mjs';

/**
 * First column to the left, the others to the right.
 * @param {readonly string[]} header
 * @param {readonly (readonly string[])[]} rows
 */
export function formatTable(header, rows) {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)));
  const line = (cells) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ');
  return [line(header), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

/** @param {number} value */
export function thousands(value) {
  return `${(value / 1000).toFixed(1)} k`;
}

/** @param {number} us */
export function milliseconds(us) {
  return `${(us / 1000).toFixed(2)} ms`;
}

/** @param {{ median: number, min: number, max: number }} values */
export function withSpread({ median, min, max }, format = (/** @type {number} */ v) => v.toFixed(2)) {
  return `${format(median)} (${format(min)} to ${format(max)})`;
}

/** @param {import('./statistics.mjs').Spread} values */
export function withQuartiles({ median, min, q1, q3, max }, format = (/** @type {number} */ v) => v.toFixed(2)) {
  return `${format(median)} (${[min, q1, q3, max].map((value) => format(value)).join(', ')})`;
}

/** Headings for {@link stallRow}. */
export const STALL_COLUMNS = ['least', 'quartile', 'median', 'quartile', 'p99', 'max'];

/** How long something took, each time. @param {string} name @param {readonly number[]} samples in ms */
export function stallRow(name, samples) {
  return [name, ...[0, 0.25, 0.5, 0.75, 0.99, 1].map((q) => `${quantile(samples, q).toFixed(1)} ms`)];
}
