// Compiles assembly/pages to bytes that are part of the sources: src/snapshot needs them wherever it runs, without files.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compileAssembly } from './assembly.mjs';
import { ROOT } from './step.mjs';

export const PAGE_HASH_SOURCE = path.join(ROOT, 'assembly/pages');
export const PAGE_HASH_BYTES = path.join(ROOT, 'src/snapshot/generated/page-hash.ts');

/** The text of {@link PAGE_HASH_BYTES} as it follows from the source; undefined if that does not compile. */
export async function pageHashText() {
  const folder = mkdtempSync(path.join(tmpdir(), 'ft-wasm-pages-'));
  try {
    const wasm = path.join(folder, 'pages.wasm');
    const config = path.join(PAGE_HASH_SOURCE, 'asconfig.json');
    const ok = await compileAssembly({ cwd: PAGE_HASH_SOURCE, entry: 'index.ts', config, wasm });
    if (!ok) return undefined;
    const lines = readFileSync(wasm)
      .toString('base64')
      .match(/.{1,116}/g);
    const text = lines.map((line) => `  '${line}'`).join(',\n');
    return `/** Generated from assembly/pages by \`npm run build\`. */\nexport const PAGE_HASH_BASE64 = [\n${text},\n].join('');\n`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes {@link PAGE_HASH_BYTES}. */
export async function generatePageHash() {
  const text = await pageHashText();
  if (text === undefined) return false;
  writeFileSync(PAGE_HASH_BYTES, text);
  return true;
}
