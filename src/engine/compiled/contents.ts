/** What an instance holds besides frames: memories, globals, tables, dropped segments; out of it and into a new one. */
import { FtWasmError } from '../../errors.js';
import { ENGINE_MODULE, type FrameMap, type GlobalsModule, INSTANCE_MODULE } from '../../inject/index.js';
import { ValType } from '../../wasm/module.js';
import type { EngineState, GlobalState } from '../state.js';
import { putBy, takenBy } from './bits.js';
import type { Exchange } from './exchange.js';
import type { InstanceReferences, Pick } from './references.js';
import { type WasmGlobal, type WasmMemory, type WasmModule, type WasmTable, WebAssembly } from './webassembly.js';

const PAGE_BYTES = 65536;

export interface ContentsParts {
  readonly frames: FrameMap;
  readonly globalsCode: () => GlobalsCode;
  readonly exported: Readonly<Record<string, unknown>>;
  readonly pick: Pick;
  readonly references: InstanceReferences;
  readonly exchange: Exchange;
}

/** The globals module, compiled. */
export interface GlobalsCode {
  readonly compiled: WasmModule;
  readonly globals: GlobalsModule['globals'];
}

type Contents = Omit<EngineState, 'counter' | 'sliceEnd' | 'frames' | 'pendingCall'>;

export class InstanceContents {
  private accessors: { readonly save: () => void; readonly load: () => void } | undefined;

  constructor(private readonly parts: ContentsParts) {}

  /** Memories are views. */
  save(): Contents {
    return {
      memories: this.memories().map(({ buffer }) => new Uint8Array(buffer)),
      globals: this.saveGlobals(),
      tables: this.tables().map((table, at) => this.saveTable(table, this.parts.frames.layout.tableTypes[at]!)),
      droppedData: this.dropped('droppedData'),
      droppedElements: this.dropped('droppedElements'),
    };
  }

  /** @throws FTW_SNAPSHOT when it cannot have come from this module */
  load(contents: Contents): void {
    this.loadMemories(contents.memories);
    this.loadSmall(contents);
  }

  /** Everything but the memories. @throws FTW_SNAPSHOT as {@link load} */
  loadSmall(contents: Omit<Contents, 'memories'>): void {
    this.loadGlobals(contents.globals);
    this.loadTables(contents.tables);
    const { layout } = this.parts.frames;
    for (const segment of contents.droppedData) this.drop(layout.support.dataDrop + segment);
    for (const segment of contents.droppedElements) this.drop(layout.support.elementDrop + segment);
  }

  private memories(): WasmMemory[] {
    return this.parts.frames.layout.memoryMaxima.map((_, at) => this.parts.exported[`memory${at}`] as WasmMemory);
  }

  private tables(): WasmTable[] {
    return this.parts.frames.layout.tableTypes.map((_, at) => this.parts.exported[`table${at}`] as WasmTable);
  }

  private loadMemories(contents: readonly Uint8Array[]): void {
    const memories = this.memories();
    same('memories', memories.length, contents.length);
    for (const [at, memory] of memories.entries()) {
      const bytes = contents[at]!;
      const missing = bytes.length - memory.buffer.byteLength;
      if (missing < 0 || missing % PAGE_BYTES !== 0) {
        throw unfit(`a memory of ${bytes.length} bytes where the module declares at least ${memory.buffer.byteLength}`);
      }
      if (missing > 0) memory.grow(missing / PAGE_BYTES);
      new Uint8Array(memory.buffer).set(bytes);
    }
  }

  private saveTable(table: WasmTable, type: ValType): bigint[] {
    const { references } = this.parts;
    const elements: bigint[] = new Array(table.length);
    for (let at = 0; at < table.length; at++) elements[at] = references.indexOf(type, table.get(at));
    if (type === ValType.ExternRef && elements.some((bits) => bits >= 0n)) throw externalReference();
    return elements;
  }

  private loadTables(contents: EngineState['tables']): void {
    const tables = this.tables();
    same('tables', tables.length, contents.length);
    for (const [index, table] of tables.entries()) {
      const elements = contents[index]!;
      if (elements.length < table.length) throw unfit(`a table of ${elements.length} elements, not ${table.length}`);
      if (elements.length > table.length) table.grow(elements.length - table.length);
      const type = this.parts.frames.layout.tableTypes[index]!;
      for (const [at, bits] of elements.entries()) table.set(at, this.parts.references.at(type, bits));
    }
  }

  private saveGlobals(): GlobalState[] {
    const { exchange, globalsCode, references } = this.parts;
    const { globals } = globalsCode();
    if (globals.length === 0) return [];
    exchange.offer([]);
    this.access().save();
    const types = globals.map(({ type }) => type);
    const values = putBy(types, exchange.collect(), references);
    if (holdsExternal(values)) throw externalReference();
    return values.map((value, at) => ({ index: globals[at]!.index, ...value }));
  }

  private loadGlobals(contents: readonly GlobalState[]): void {
    const { exchange, globalsCode, references } = this.parts;
    const { globals } = globalsCode();
    same('mutable globals', globals.length, contents.length);
    for (const [at, { index, type }] of globals.entries()) {
      if (contents[at]!.index !== index || contents[at]!.type !== type) throw unfit(`another global ${index}`);
    }
    if (globals.length === 0) return;
    exchange.offer(takenBy(contents, references));
    this.access().load();
  }

  private access() {
    if (this.accessors === undefined) {
      const { exchange, exported, globalsCode } = this.parts;
      const noSites = {
        leavesByThrowing: false,
        site: () => {
          throw unfit('a frame of a global');
        },
      };
      const imports = { [ENGINE_MODULE]: exchange.imports(noSites), [INSTANCE_MODULE]: { ...exported } };
      const { exports } = new WebAssembly.Instance(globalsCode().compiled, imports);
      this.accessors = exports as { save: () => void; load: () => void };
    }
    return this.accessors;
  }

  private dropped(flag: 'droppedData' | 'droppedElements'): number[] {
    const dropped: number[] = [];
    for (const { name } of this.parts.frames.layout.dropFlags) {
      if (!name.startsWith(flag)) continue;
      if ((this.parts.exported[name] as WasmGlobal).value !== 0) dropped.push(Number(name.slice(flag.length)));
    }
    return dropped;
  }

  private drop(index: number): void {
    const { frames, pick } = this.parts;
    pick(frames.layout.pickIndex(index))();
  }
}

/** External references belong to a host: nothing could stand for them elsewhere. */
export function externalReference(): FtWasmError {
  return new FtWasmError('FTW_UNSUPPORTED', 'the guest holds an external reference, which cannot be captured');
}

export function holdsExternal(values: readonly { readonly type: ValType; readonly bits: bigint }[]): boolean {
  return values.some(({ type, bits }) => type === ValType.ExternRef && bits >= 0n);
}

function same(what: string, expected: number, found: number): void {
  if (expected !== found) throw unfit(`${found} ${what}, not ${expected}`);
}

function unfit(what: string): FtWasmError {
  return new FtWasmError('FTW_SNAPSHOT', `the snapshot has ${what}: it is of another module`);
}
