/** A running guest on the interpreter. */
import { FtWasmError, LinkError } from '../../errors.js';
import type { Export, Module } from '../../wasm/module.js';
import { allGlobals, allMemories, allTables } from '../../wasm/spaces.js';
import type { BoundaryValue, EngineInstance, Extern, GuestMemory, Outcome } from '../engine.js';
import type { EngineState } from '../state.js';
import { CapturedRun, checkPendingCall } from './captured-run.js';
import { type InterpreterExtern, registerExtern } from './externs.js';
import { Entry } from './generated/abi.js';
import { HelperTrap } from './helpers.js';
import { type InstanceSpaces, placeSegments } from './instantiate.js';
import type { Machine } from './machine.js';
import type { Runner } from './runner.js';
import { DebugSession } from './session.js';

export class InterpreterInstance implements EngineInstance {
  readonly memory: GuestMemory | undefined;
  private readonly exportsByName: Map<string, Export>;
  /** An instance whose segments did not fit traps before its first instruction. */
  private stillborn: Outcome | undefined;
  private readonly captured: CapturedRun;
  private readonly externs = new Map<string, InterpreterExtern>();

  constructor(
    readonly module: Module,
    readonly spaces: InstanceSpaces,
    readonly runner: Runner,
  ) {
    const { machine } = spaces;
    this.captured = new CapturedRun(spaces, runner);
    this.exportsByName = new Map(module.exports.map((each) => [each.name, each]));
    this.memory = allMemories(module).length > 0 ? new InterpreterMemory(machine) : undefined;
    try {
      placeSegments(spaces, spaces);
    } catch (thrown) {
      if (!(thrown instanceof HelperTrap)) throw thrown;
      this.stillborn = { kind: 'trapped', counter: 0, trap: thrown.trap, message: thrown.message };
    }
  }

  get counter(): number {
    return this.runner.counter;
  }

  start(): Outcome {
    if (this.stillborn !== undefined) return this.stillborn;
    const { start } = this.module;
    if (start === undefined) return { kind: 'returned', counter: this.counter, values: [] };
    return this.captured.after(this.runner.invoke(this.spaces.functionRefs[start]!, []));
  }

  call(exportName: string, args: readonly BoundaryValue[]): Outcome {
    if (this.stillborn !== undefined) return this.stillborn;
    return this.captured.after(this.runner.invoke(this.functionRef(exportName), args));
  }

  requestCapture(): void {
    this.captured.request();
  }

  state(): EngineState {
    return this.captured.state();
  }

  resume(): Outcome {
    return this.captured.resume();
  }

  /** Takes over what another instance of the module was. @throws FTW_SNAPSHOT when it does not fit */
  load(state: EngineState): void {
    if (this.stillborn !== undefined) {
      throw new FtWasmError('FTW_SNAPSHOT', 'the snapshot is of another module: this one cannot be instantiated');
    }
    checkPendingCall(this.spaces, state.pendingCall);
    this.captured.load(state);
  }

  private functionRef(exportName: string): number {
    const found = this.exportsByName.get(exportName);
    if (found?.kind !== 'func') {
      throw new LinkError(`the module exports no function named ${JSON.stringify(exportName)}`, { exportName });
    }
    return this.spaces.functionRefs[found.index]!;
  }

  /**
   * Starts a run of an export, or of a function by index, that can be stopped at any instruction.
   * @throws LinkError if there is no such export
   */
  debug(what: string | number, args: readonly BoundaryValue[]): DebugSession {
    const ref = typeof what === 'string' ? this.functionRef(what) : this.spaces.functionRefs[what]!;
    return new DebugSession(this.runner, this.spaces, this.captured, () => this.runner.begin(ref, args));
  }

  /** The same with what was captured here or loaded; a host call that was not answered is made first. */
  debugCaptured(): DebugSession {
    return new DebugSession(this.runner, this.spaces, this.captured, () => {
      this.runner.beginAt(this.captured.place(true));
      return undefined;
    });
  }

  /** The translated code of an exported function, for disassemble. @throws LinkError if there is no such function */
  code(exportName: string): Uint8Array {
    const { machine } = this.spaces;
    const entry = machine.entryOf(this.functionRef(exportName));
    const { end } = machine.code.find(entry)!;
    return machine.memory.u8.slice(entry + Entry.SIZE, end);
  }

  extern(exportName: string): Extern | undefined {
    const known = this.externs.get(exportName);
    if (known !== undefined) return known;
    const found = this.exportsByName.get(exportName);
    const extern = found && this.makeExtern(found);
    if (extern !== undefined) this.externs.set(exportName, registerExtern(extern));
    return extern;
  }

  private makeExtern({ kind, index }: Export): InterpreterExtern | undefined {
    const { module, runner, spaces } = this;
    const { machine } = spaces;
    switch (kind) {
      case 'func':
        return { machine, runner, kind, ref: spaces.functionRefs[index]!, type: spaces.functionTypes[index]! };
      case 'table':
        return { machine, runner, kind, record: spaces.tables[index]!, table: allTables(module)[index]! };
      case 'memory':
        return { machine, runner, kind, memory: allMemories(module)[index]! };
      case 'global':
        return { machine, runner, kind, address: spaces.globals[index]!.address, global: allGlobals(module)[index]! };
      default:
        return undefined;
    }
  }
}

/** The guest's part of the linear memory. Growing replaces the buffer, so both views are made anew when it has. */
class InterpreterMemory implements GuestMemory {
  private currentBytes: Uint8Array;
  private currentView: DataView;

  constructor(private readonly machine: Machine) {
    this.currentBytes = machine.guestView();
    this.currentView = viewOf(this.currentBytes);
  }

  get bytes(): Uint8Array {
    if (this.currentBytes.length !== this.machine.guestBytes) this.renew();
    return this.currentBytes;
  }

  get view(): DataView {
    if (this.currentBytes.length !== this.machine.guestBytes) this.renew();
    return this.currentView;
  }

  private renew(): void {
    this.currentBytes = this.machine.guestView();
    this.currentView = viewOf(this.currentBytes);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
