#!/usr/bin/env node
// npm run bench -- NAME [options]: each benchmark is a module that exports `summary`, `options` and `run(values)`.
import { parseArgs } from 'node:util';
import { environment, writeResults } from './lib/results.mjs';

const NAMES = ['serve', 'failover', 'gateway', 'join', 'snapshot', 'inject', 'interp', 'log', 'run'];

async function usage() {
  const lines = [
    'usage: npm run bench -- NAME [options] [--json]',
    '',
    '--json also writes bench/results/NAME-TIME.json',
  ];
  for (const name of NAMES) {
    const bench = await import(`./${name}.mjs`);
    lines.push('', `${name}: ${bench.summary}`);
    for (const [option, { default: value, help }] of Object.entries(bench.options)) {
      lines.push(`  --${option.padEnd(14)} ${help} (default: ${value})`);
    }
  }
  return lines.join('\n');
}

async function main() {
  const [name, ...args] = process.argv.slice(2);
  if (!NAMES.includes(name)) {
    console.error(await usage());
    return name === undefined || name === '--help' ? 0 : 1;
  }
  const bench = await import(`./${name}.mjs`);
  const { values } = parseArgs({ args, options: { ...bench.options, json: { type: 'boolean', default: false } } });
  const where = environment();
  console.log(
    `${name} on ${where.cores} x ${where.cpu}, node ${where.node}, load ${where.loadBefore.toFixed(1)} before\n`,
  );
  const results = await bench.run(values);
  if (values.json) console.log(`\n${await writeResults(name, { environment: where, options: values, results })}`);
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error(`bench: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  },
);
