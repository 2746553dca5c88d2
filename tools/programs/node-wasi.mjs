/** The other host: `node node-wasi.mjs ROOT ENV_JSON MODULE ARGS...` runs a module under Node's own WASI, with ROOT as its /. */
import { readFileSync } from 'node:fs';
import { WASI } from 'node:wasi';

const [root, env, file, ...args] = process.argv.slice(2);
const preopens = { '/': root };
const wasi = new WASI({
  version: 'preview1',
  args: [file, ...args],
  env: JSON.parse(env),
  preopens,
  returnOnExit: true,
});
const module = await WebAssembly.compile(readFileSync(file));
process.exitCode = wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
