/** What an instance holds besides frames: memory, globals, tables, dropped segments; out of it and into a new one. */
import { FtWasmError } from '../../errors.js';
import { ValType } from '../../wasm/module.js';
import { allGlobals, allMemories } from '../../wasm/spaces.js';
import { type EngineState, type GlobalState, NULL_REFERENCE } from '../state.js';
import { externalReference, holdsExternal, type SlotBits } from './bits.js';
import { Memory, State } from './generated/abi.js';
import type { InstanceSpaces } from './instantiate.js';
import { PAGE } from './memory.js';

export type Contents = Omit<EngineState, 'counter' | 'sliceEnd' | 'frames' | 'pendingCall'>;

export class InstanceContents {
  constructor(
    private readonly spaces: InstanceSpaces,
    private readonly bits: SlotBits,
  ) {}

  /** Memories are views. @throws FTW_UNSUPPORTED for an external reference */
  save(): Contents {
    const { machine, module } = this.spaces;
    const globals = this.mutableGlobals().map(
      ({ address, index, type }): GlobalState => ({ index, ...this.bits.read(address, type) }),
    );
    if (holdsExternal(globals)) throw externalReference();
    return {
      memories: allMemories(module).length > 0 ? [machine.guestView()] : [],
      globals,
      tables: this.spaces.tables.map((_, at) => this.saveTable(at)),
      droppedData: this.dropped(machine.segments.droppedData, this.spaces.firstData, module.data),
      droppedElements: this.dropped(machine.segments.droppedElements, this.spaces.firstElement, module.elements),
    };
  }

  /** @throws FTW_SNAPSHOT when it cannot have come from this module */
  load(contents: Contents): void {
    this.loadMemory(contents.memories);
    this.loadGlobals(contents.globals);
    this.loadTables(contents.tables);
    const { firstData, firstElement, machine } = this.spaces;
    for (const index of contents.droppedData) machine.segments.dropData(firstData + index);
    for (const index of contents.droppedElements) machine.segments.dropElements(firstElement + index);
  }

  private mutableGlobals(): { index: number; type: ValType; address: number }[] {
    const globals = allGlobals(this.spaces.module).map(({ mutable, type }, index) => {
      return { index, mutable, type, address: this.spaces.globals[index]!.address };
    });
    return globals.filter(({ mutable }) => mutable);
  }

  private saveTable(at: number): bigint[] {
    const { machine, tables, tableTypes } = this.spaces;
    const type = tableTypes[at] as ValType;
    const elements = Array.from(machine.tables.elements(tables[at]!), (raw) => this.bits.toBits(type, raw));
    if (type === ValType.ExternRef && elements.some((bits) => bits !== NULL_REFERENCE)) throw externalReference();
    return elements;
  }

  /** Active and declarative segments are dropped on instantiation, whatever the guest does. */
  private dropped(dropped: ReadonlySet<number>, first: number, segments: readonly { mode: string }[]): number[] {
    return [...segments.keys()].filter((at) => segments[at]!.mode === 'passive' && dropped.has(first + at));
  }

  private loadMemory(contents: readonly Uint8Array[]): void {
    const { machine, module } = this.spaces;
    same('memories', allMemories(module).length, contents.length);
    const [bytes] = contents;
    if (bytes === undefined) return;
    const missing = bytes.length - machine.guestBytes;
    if (missing < 0 || missing % PAGE !== 0) {
      throw unfit(`a memory of ${bytes.length} bytes where the module declares at least ${machine.guestBytes}`);
    }
    if (missing > 0) machine.memory.growGuest(missing / PAGE);
    machine.memory.setI64(State.MEMORY_BYTES, machine.guestBytes);
    machine.memory.u8.set(bytes, Memory.GUEST);
  }

  private loadGlobals(contents: readonly GlobalState[]): void {
    const globals = this.mutableGlobals();
    same('mutable globals', globals.length, contents.length);
    for (const [at, { address, index, type }] of globals.entries()) {
      const value = contents[at]!;
      if (value.index !== index || value.type !== type) throw unfit(`another global ${index}`);
      this.bits.write(address, value);
    }
  }

  private loadTables(contents: EngineState['tables']): void {
    const { machine, tables, tableTypes } = this.spaces;
    same('tables', tables.length, contents.length);
    for (const [at, record] of tables.entries()) {
      const elements = contents[at]!;
      const length = machine.tables.length(record);
      const missing = elements.length - length;
      const grown = missing >= 0 && machine.tables.grow(record, missing, 0, machine.limits.tableElementsMax) >= 0;
      if (!grown) throw unfit(`a table of ${elements.length} elements, not ${length}`);
      const type = tableTypes[at] as ValType;
      machine.tables.elements(record).set(elements.map((bits) => this.bits.toRaw(type, bits)));
    }
  }
}

function same(what: string, expected: number, found: number): void {
  if (expected !== found) throw unfit(`${found} ${what}, not ${expected}`);
}

function unfit(what: string): FtWasmError {
  return new FtWasmError('FTW_SNAPSHOT', `the snapshot has ${what}: it is of another module`);
}
