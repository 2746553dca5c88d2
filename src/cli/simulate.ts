/** `ft-wasm simulate`: kills a simulated primary at chosen places and says whether clients could tell. */
import { readFile } from 'node:fs/promises';
import { FtWasmError, type SweepReport, simulateCrashes } from '../index.js';
import { Progress } from './progress.js';
import type { SimulateCommandOptions } from './simulate-options.js';
import type { CliProcess } from './streams.js';
import { columns } from './table.js';

const EXIT_DIFFERENT = 1;
/** Differences that are printed one by one; the rest is counted. */
const DIFFERENCES_MAX = 20;

/** Returns 0 only if clients saw the same in every run. Rejects if the undisturbed run fails. */
export async function simulate(options: SimulateCommandOptions, process: CliProcess): Promise<number> {
  const progress = new Progress(process.stderr);
  const script = await readScript(options.script);
  try {
    const onProgress = progress.of('simulating');
    const report = await simulateCrashes({ ...options.simulation, script, onProgress });
    progress.clear();
    process.stdout.write(options.json ? `${JSON.stringify(toJson(report))}\n` : `${describe(report).join('\n')}\n`);
    return report.differences.length === 0 ? 0 : EXIT_DIFFERENT;
  } finally {
    progress.clear();
  }
}

function toJson({ entries, runs, equal, differences, clients }: SweepReport): object {
  const sent = clients.map(({ name, bytes, end }) => ({ name, bytes: bytes.length, end }));
  return { entries, runs, equal, differences, clients: sent };
}

function describe({ entries, runs, equal, differences, clients }: SweepReport): string[] {
  const bytes = clients.reduce((sum, client) => sum + client.bytes.length, 0);
  const rows = Object.entries(equal).map(([step, count]) => {
    const different = differences.filter((difference) => difference.step === step).length;
    return [step, String(count + different), String(count), String(different)];
  });
  return [
    `${clients.length} clients were sent ${bytes} bytes; the guest logged ${entries} entries.`,
    ...columns([['the primary dies', 'runs', 'equal', 'different'], ...rows], ['left', 'right', 'right', 'right']),
    ...differences.slice(0, DIFFERENCES_MAX).map(({ event, step, what }) => `entry ${event}, ${step}: ${what}`),
    ...(differences.length > DIFFERENCES_MAX ? [`... and ${differences.length - DIFFERENCES_MAX} more`] : []),
    differences.length === 0 ? `All ${runs} runs looked the same to their clients.` : 'Clients saw a difference.',
  ];
}

async function readScript(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new FtWasmError('FTW_IO', `cannot read the script ${path}: ${(cause as Error).message}`, { path }, { cause });
  }
}
