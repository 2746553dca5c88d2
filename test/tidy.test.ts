/** House rules that no compiler checks. Each failure names the file, the line and the rule. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importsOf, lineOf, withoutComments } from './support/source.js';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Which layers each layer may import, besides itself (ARCHITECTURE.md, "Folders"). Order: inner to outer. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  bytes: ['errors'],
  host: ['errors'],
  wasm: ['bytes', 'errors'],
  inject: ['wasm', 'bytes', 'errors'],
  log: ['bytes', 'errors'],
  arbiter: ['errors'],
  transport: ['bytes', 'errors'],
  engine: ['wasm', 'inject', 'bytes', 'errors'],
  record: ['host', 'log', 'bytes', 'errors'],
  wasi: ['record', 'engine', 'host', 'log', 'wasm', 'bytes', 'errors'],
  snapshot: ['engine', 'inject', 'log', 'wasm', 'bytes', 'errors'],
  durable: ['bytes', 'errors'],
  verify: ['engine', 'wasm', 'record', 'wasi', 'host', 'log', 'errors'],
  replica: ['log', 'arbiter', 'errors'],
  gateway: ['transport', 'host', 'errors'],
  runtime: [
    ...['errors', 'bytes', 'host', 'wasm', 'inject', 'log', 'arbiter', 'transport', 'engine', 'record', 'wasi'],
    ...['snapshot', 'durable', 'verify', 'replica', 'gateway'],
  ],
  index: ['runtime', 'verify', 'replica', 'engine', 'transport', 'errors'],
  cli: ['index'],
};

/** Files above 400 lines, each with the reason why it reads better whole. */
const LONG_FILES: Readonly<Record<string, string>> = {};
const LINES_MAX = 400;

/** Files that nobody imports because something else starts them. */
const ENTRY_POINTS: Readonly<Record<string, string>> = {
  'src/index.ts': 'the public API',
  'src/cli/main.ts': 'the executable',
  'src/runtime/node/guest-entry.ts': 'started as a worker thread',
  'src/runtime/node/rewrite-worker.ts': 'started as a worker thread',
};

/** Files that nothing in src/ imports and tests do, each with the reason why it is not in test/. */
const FOR_TESTS: Readonly<Record<string, string>> = {
  'src/arbiter/memory.ts': 'the in-memory form of a public interface',
  'src/host/memory.ts': 'the in-memory form of a public interface',
  'src/host/node/stdin.ts': 'blocking input, for a guest that is run on the main thread',
  'src/transport/memory.ts': 'the in-memory form of a public interface',
  'src/snapshot/index.ts': 'the snapshot format; its version is frozen by golden files',
  'src/wasi/snapshot.ts': 'replicated state as bytes; the proof that it is complete',
};

interface SourceFile {
  /** Relative to the repository, with slashes. */
  readonly name: string;
  readonly text: string;
}

function filesBelow(folder: string, extensions: readonly string[]): SourceFile[] {
  if (!existsSync(path.join(ROOT, folder))) return [];
  return readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && extensions.includes(path.extname(entry.name)))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !/\/(node_modules|build|fixtures|generated)\//.test(file))
    .map((file) => ({ name: path.relative(ROOT, file), text: readFileSync(file, 'utf8') }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

const sources = filesBelow('src', ['.ts']);
const tests = filesBelow('test', ['.ts']);
const scripts = [...filesBelow('tools', ['.mjs']), ...filesBelow('bench', ['.mjs', '.ts'])];
const assembly = [...filesBelow('assembly', ['.ts']), ...filesBelow('guests', ['.ts'])];

/** `src/transport/node/tcp.ts` is of layer `transport`, `src/errors.ts` of `errors`. */
function layerOf(name: string): string {
  return name.split('/')[1]!.replace(/\.ts$/, '');
}

/** The platform's ring: the only code that may touch the outside world. */
function isEdge(name: string): boolean {
  return name.startsWith('src/cli/') || name.includes('/node/');
}

function importedFiles({ name, text }: SourceFile): string[] {
  return importsOf(text)
    .filter(({ target }) => target.startsWith('.'))
    .map(({ target }) => path.join(path.dirname(name), target).replace(/\.js$/, '.ts'))
    .filter((target) => target.endsWith('.ts'));
}

/** Every match of `pattern` in code (comments and texts do not count), as `file:line: match`. */
function findings(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ name, text }) => {
    const code = withoutComments(text);
    return [...code.matchAll(pattern)].map((match) => `${name}:${lineOf(code, match.index)}: ${match[0]}`);
  });
}

describe('layers', () => {
  it('are all listed', () => {
    expect(new Set(sources.map(({ name }) => layerOf(name)))).toSatisfy((layers: Set<string>) =>
      [...layers].every((layer) => layer in LAYERS),
    );
  });

  it('import inward only', () => {
    const upward = sources.flatMap((file) =>
      importedFiles(file)
        .map(layerOf)
        .filter((target) => target !== layerOf(file.name) && !LAYERS[layerOf(file.name)]?.includes(target))
        .map((target) => `${file.name} (${layerOf(file.name)}) imports ${target}`),
    );
    expect(upward).toEqual([]);
  });

  it('have no cycles between files', () => {
    expect(findCycle(new Map(sources.map((file) => [file.name, importedFiles(file)])))).toEqual([]);
  });

  it('keep the platform out of the core', () => {
    const core = sources.filter(({ name }) => !isEdge(name) && name !== 'src/index.ts');
    const outside = core.flatMap((file) =>
      importsOf(file.text)
        .filter(({ target }) => target.startsWith('node:') || target.includes('/node/'))
        .map(({ target, line }) => `${file.name}:${line}: ${target}`),
    );
    expect(outside).toEqual([]);
  });
});

describe('the core', () => {
  const core = sources.filter(({ name }) => !isEdge(name));

  it('is told the time', () => {
    expect(findings(core, /\b(Date\b(?!View)|performance\b|process\.hrtime)/g)).toEqual([]);
  });

  it('has no timers', () => {
    expect(findings(core, /\b(setTimeout|setInterval|setImmediate)\b/g)).toEqual([]);
  });

  it('has no entropy of its own', () => {
    expect(findings(core, /\b(Math\.random|crypto\.getRandomValues|randomUUID|randomBytes)\b/g)).toEqual([]);
  });

  it('does not touch the process', () => {
    expect(findings(core, /\b(process\.|console\.|Buffer\b)/g)).toEqual([]);
  });
});

describe('files', () => {
  it('read in one sitting', () => {
    const long = [...sources, ...tests, ...scripts, ...assembly]
      .map(({ name, text }) => ({ name, lines: text.split('\n').length - 1 }))
      .filter(({ name, lines }) => lines > LINES_MAX && LONG_FILES[name] === undefined)
      .map(({ name, lines }) => `${name}: ${lines} lines`);
    expect(long).toEqual([]);
  });

  it('of src/ are all used by src/', () => {
    const imported = new Set(sources.flatMap(importedFiles));
    const unused = sources
      .map(({ name }) => name)
      .filter((name) => !imported.has(name) && ENTRY_POINTS[name] === undefined && FOR_TESTS[name] === undefined);
    expect(unused).toEqual([]);
  });

  it('of src/ that are kept for tests are used by tests', () => {
    const imported = new Set(tests.flatMap(importedFiles));
    expect(Object.keys(FOR_TESTS).filter((name) => !imported.has(name))).toEqual([]);
  });

  it('have no left-overs', () => {
    const files = [...sources, ...tests, ...scripts, ...assembly].filter(({ name }) => name !== 'test/tidy.test.ts');
    const markers = files.flatMap(({ name, text }) =>
      [...text.matchAll(/\b(TODO|FIXME|XXX|HACK)\b/g)].map(
        (match) => `${name}:${lineOf(text, match.index)}: ${match[0]}`,
      ),
    );
    expect(markers).toEqual([]);
  });
});

describe('tests', () => {
  const code = tests.filter(({ name }) => name !== 'test/tidy.test.ts');

  it('are never focused', () => {
    expect(findings(code, /\b(it|test|describe)\.only\b/g)).toEqual([]);
  });

  it('are skipped only for a reason that they state', () => {
    expect(findings(code, /\b(it|test|describe)\.(skip|todo|fails)\(/g)).toEqual([]);
    // A conditional skip carries its reason in the name of the constant, or in a comment on the line above.
    const bare = code.flatMap(({ name, text }) => {
      const lines = text.split('\n');
      return lines
        .map((line, i) => ({ line, above: lines[i - 1] ?? '', number: i + 1 }))
        .filter(({ line }) => /\.(skipIf|runIf)\(/.test(line))
        .filter(({ line, above }) => !/(skipIf|runIf)\(!?[A-Za-z]\w{3,}/.test(line) && !/\/\/|\*/.test(above))
        .map(({ number, line }) => `${name}:${number}: ${line.trim()}`);
    });
    expect(bare).toEqual([]);
  });
});

/** Returns the files of one import cycle, or nothing. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const visit = (name: string, trail: readonly string[]): string[] => {
    const at = trail.indexOf(name);
    if (at >= 0) return [...trail.slice(at), name];
    if (done.has(name)) return [];
    for (const next of graph.get(name) ?? []) {
      const cycle = visit(next, [...trail, name]);
      if (cycle.length > 0) return cycle;
    }
    done.add(name);
    return [];
  };
  for (const name of graph.keys()) {
    const cycle = visit(name, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
