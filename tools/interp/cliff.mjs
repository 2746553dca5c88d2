#!/usr/bin/env node
/**
 * Tells which register allocator V8 uses for the built loop. Above some number of virtual registers V8 gives a function
 * to a simpler allocator; the loop's pc, fp and fuel then live in memory and everything is up to 1.6 times slower. Prints
 * `hot loop: full` below that cliff, `mid-tier` above it, `unknown` where this version of V8 does not say.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const LOOP = fileURLToPath(new URL('../../dist/engine/interpreter/interpreter.wasm', import.meta.url));
const FLAGS = ['--no-liftoff', '--no-wasm-lazy-compilation', '--no-wasm-dynamic-tiering', '--turbo-stats-wasm'];
const COMPILE = `
  const bytes = require('node:fs').readFileSync(process.argv[1]);
  new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory: new WebAssembly.Memory({ initial: 1 }) } });
`;

const { stdout, stderr } = spawnSync(process.execPath, [...FLAGS, '-e', COMPILE, process.argv[2] ?? LOOP], {
  encoding: 'utf8',
});
const phases = `${stdout}${stderr}`;
const verdict = /MidTier/.test(phases) ? 'mid-tier' : /AllocateGeneralRegisters/.test(phases) ? 'full' : 'unknown';
console.log(`hot loop: ${verdict}`);
