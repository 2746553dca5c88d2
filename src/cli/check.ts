/** `ft-wasm check`: whether a module can be replicated, and why. */
import { checkFile, describePlace, EXIT_CODES, type FileCheck } from '../index.js';
import type { CliProcess } from './streams.js';
import { columns } from './table.js';

export interface RawCheckFlags {
  readonly json?: boolean;
}

/** Prints the findings; returns 0 if the module can be replicated, 71 if not. Rejects for a module that is malformed. */
export async function check(path: string, { json = false }: RawCheckFlags, process: CliProcess): Promise<number> {
  const found = await checkFile(path);
  process.stdout.write(json ? `${JSON.stringify(found)}\n` : textOf(found));
  return found.replicable ? EXIT_CODES.ok : EXIT_CODES.refusedModule;
}

function textOf(found: FileCheck): string {
  const { path, hash, bytes, functions, replicable, problems } = found;
  const paragraphs = [
    [
      `${path}: ${replicable ? 'can be replicated' : 'cannot be replicated'}`,
      ...problems.map((problem) => `  - ${problem}`),
      `  SHA-256 ${hash}, ${bytes} bytes, ${functions} functions`,
    ],
    ['Features', ...featureLines(found)],
    ['Imports', ...importLines(found)],
    ['Sources of non-determinism, and what is done about them', ...sourceLines(found)],
  ];
  return `${paragraphs.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function featureLines({ features }: FileCheck): string[] {
  const rows = features.map(({ feature, what, offset, functionIndex, functionName, refusal }) => [
    `  ${feature}`,
    what,
    functionIndex === undefined
      ? `at offset 0x${offset.toString(16)}`
      : `in ${placeText({ functionIndex, functionName, offset })}`,
    refusal === undefined ? '' : `REFUSED: ${refusal}`,
  ]);
  return columns(rows, ['left', 'left', 'left', 'left']);
}

function importLines({ imports }: FileCheck): string[] {
  if (imports.length === 0) return ['  none'];
  const rows = imports.map(({ module, name, class: callClass, calls }) => [
    `  ${callClass ?? 'NOT PROVIDED'}`,
    `${module}.${name}`,
    `${calls.count}`,
    calls.places[0] === undefined ? 'no direct call' : `first in ${describePlace(calls.places[0])}`,
  ]);
  return [...columns(rows, ['left', 'left', 'right', 'left']), ...CLASS_LEGEND];
}

/** What the classes mean to somebody who has not read design or code. */
const CLASS_LEGEND = [
  '  (pure: computed again, not logged; input: the result is logged; output: held back until the log is safe; descriptor: one of',
  '  these three, by what the call is about: the kind of file or socket, which clock, --random)',
];

function sourceLines({ sources }: FileCheck): string[] {
  if (sources.length === 0) return ['  none'];
  return sources.flatMap(({ source, handling, rule, imports, count, places }) => {
    const left = count - places.length;
    return [
      `  ${source}: ${handling}: ${rule}`,
      ...(imports.length === 0 ? [] : [`      by ${imports.join(', ')}`]),
      ...places.map((place) => `      in ${describePlace(place)}`),
      ...(left > 0 ? [`      and ${left} more`] : []),
    ];
  });
}

function placeText({
  functionName,
  ...place
}: {
  functionIndex: number;
  functionName: string | undefined;
  offset: number;
}) {
  return describePlace({ ...place, ...(functionName === undefined ? {} : { functionName }) });
}
