/**
 * `npm run sim -- [--seed N] [--steps M] [--count C] [--trace]`: runs C schedules (1000 by default) from seed N on
 * (from the time of day by default), with M faults each (drawn from the seed by default). `--schedule JSON` runs one that was
 * printed, such as the smallest one of a failure. `--durable`: schedules of power failures instead, in which a service goes on
 * from disk.
 */
import { parseArgs } from 'node:util';
import { drawDurableSchedule, runDurableSchedule } from './durable-schedule.js';
import { drawSchedule, runSchedule, type Schedule } from './schedule.js';
import type { Ending } from './settle.js';
import { reportFailure } from './shrink.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    steps: { type: 'string' },
    count: { type: 'string' },
    schedule: { type: 'string' },
    durable: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
  },
});

const first = values.seed === undefined ? Date.now() % 1_000_000_000 : wholeNumber('seed', values.seed);
const count = wholeNumber('count', values.count ?? (values.seed === undefined ? '1000' : '1'));
const steps = values.steps === undefined ? undefined : wholeNumber('steps', values.steps);
const onTrace = values.trace ? console.log : undefined;
const run = values.durable ? runDurable : runAll;
process.exitCode = (await (values.schedule === undefined ? run() : runPrinted(values.schedule))) ? 0 : 1;

async function runAll(): Promise<boolean> {
  const endings: Partial<Record<Ending, number>> = {};
  for (let seed = first; seed < first + count; seed++) {
    const schedule = drawSchedule(seed, steps);
    try {
      const ending = await runSchedule(schedule, onTrace);
      endings[ending] = (endings[ending] ?? 0) + 1;
    } catch (error) {
      console.error(await reportFailure(schedule, error as Error));
      return false;
    }
  }
  console.log(`${count} schedules from seed ${first}, ended as ${JSON.stringify(endings)}`);
  return true;
}

async function runDurable(): Promise<boolean> {
  const endings: Partial<Record<Ending, number>> = {};
  for (let seed = first; seed < first + count; seed++) {
    try {
      const { ending } = await runDurableSchedule(drawDurableSchedule(seed), onTrace);
      endings[ending] = (endings[ending] ?? 0) + 1;
    } catch (error) {
      console.error(`seed ${seed}: ${(error as Error).stack}`);
      console.error(`again, with a trace: npm run sim -- --durable --seed ${seed} --trace`);
      return false;
    }
  }
  console.log(`${count} schedules of power failures from seed ${first}, ended as ${JSON.stringify(endings)}`);
  return true;
}

async function runPrinted(json: string): Promise<boolean> {
  try {
    console.log(`ended as ${await runSchedule(JSON.parse(json) as Schedule, onTrace)}`);
    return true;
  } catch (error) {
    console.error(error);
    return false;
  }
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`--${name} must be a whole number, got ${JSON.stringify(text)}`);
  process.exit(2);
}
