/**
 * A module with one resume function: the continuation of a frame's function, instrumented so that it can be captured
 * again, and `resume`, which runs it with what the host has and hands the results over.
 */
import { ByteWriter } from '../../bytes/writer.js';
import { decodeModule } from '../../wasm/decode/index.js';
import { encodeModule } from '../../wasm/encode/index.js';
import type { CustomSection, FuncType, FunctionBody, Import, Module, ValType as ValTypeOf } from '../../wasm/module.js';
import { ValType } from '../../wasm/module.js';
import { Op } from '../../wasm/opcode.js';
import { Section } from '../../wasm/sections.js';
import { allMemories, allTables } from '../../wasm/spaces.js';
import { type AddedFunction, Assembler } from '../added-functions.js';
import { EXIT_BLOCK, endBody } from '../capture.js';
import { CaptureSites, type SavedSite } from '../capture-sites.js';
import { FunctionPass } from '../function-pass.js';
import { ENGINE_MODULE, GLOBALS } from '../layout.js';
import { Temporary } from '../local-table.js';
import type { OriginalPlace } from '../locate.js';
import { SaveFunctions, saveFunction } from '../save-functions.js';
import { Trace } from '../trace.js';
import { putLocal, takeValue } from '../value-bits.js';
import { walk } from '../walk.js';
import { type Continuation, continuation } from './continuation.js';
import type { FrameMap, Place } from './frame-map.js';
import { type Picked, ResumeLayout } from './resume-layout.js';

/** Module name under which a resume module imports functions of the instance; their names are their numbers. */
export const PICKED_MODULE = 'ftw:picked';
/** Module name of the instance's other exports, by their names without the prefix. */
export const INSTANCE_MODULE = 'ftw:instance';

export interface ResumeModule {
  readonly bytes: Uint8Array;
  /** Functions to import from {@link PICKED_MODULE}, in order. */
  readonly picked: readonly Picked[];
  /** What the sites of the resume function save, by what they tell the host. */
  readonly sites: ReadonlyMap<number, SavedSite>;
}

/** Subsection of the name section. */
const MODULE_NAME = 0;

/** The module's name, which V8 puts into the URL of its script. */
const NAME = 'ftw-resume-';

/** What a resume module continues. */
export interface Resumed {
  /** Original index. */
  readonly functionIndex: number;
  /** Byte offset of the place in the original module. */
  readonly offset: number;
  readonly raise: boolean;
}

/** What the script with this URL continues; undefined if it is no resume module. */
export function resumedFrom(url: string): Resumed | undefined {
  const found = /ftw-resume-(\d+)-(\d+)-([01])/.exec(url);
  return found === null
    ? undefined
    : { functionIndex: Number(found[1]), offset: Number(found[2]), raise: found[3] === '1' };
}

/**
 * Makes the module for a place. Its export `resume` takes, in this order: the counter (as the global has it, relative to
 * the limit), the depth that is left below the frame, the depth on entry of the frame, locals, operands (all of them,
 * results of the call under way included). It puts the results, then the counter. The global itself is left to the guest:
 * what it says after a trap must not depend on captures. `raise`: the call under way has not returned but thrown what the
 * import `raise` throws; its results are taken all the same.
 */
export function resumeModule(frames: FrameMap, place: Place, raise = false): ResumeModule {
  return new Maker(frames, place, raise).make();
}

/**
 * The instruction of the guest from which the code at byte `offset` of a resume module comes, in its function `index`;
 * undefined for functions that are not the guest's. The module is made again for that.
 */
export function locateResumed(
  frames: FrameMap,
  { functionIndex, offset: place, raise }: Resumed,
  index: number,
  offset: number,
): OriginalPlace | undefined {
  return new Maker(frames, frames.place(functionIndex, place), raise).locate(index, offset);
}

class Maker {
  private readonly source: Continuation;
  private readonly layout: ResumeLayout;
  private readonly sites = new Map<number, SavedSite>();
  private readonly own: AddedFunction[] = [];
  private readonly result: FuncType;
  private trace: Trace | undefined;

  constructor(
    private readonly frames: FrameMap,
    private readonly place: Place,
    private readonly raise: boolean,
  ) {
    const { module } = frames;
    this.source = continuation(module.bytes, frames.body(place.functionIndex).code, module.types, place, raise);
    this.layout = new ResumeLayout(module, this.source);
    this.result = { params: [], results: frames.typeOf(place.functionIndex).results };
  }

  locate(index: number, offset: number): OriginalPlace | undefined {
    if (index !== this.layout.ownFunctions) return undefined;
    const trace = new Trace(this.source.body.code.start);
    this.trace = trace;
    const { body } = decodeModule(this.make().bytes).bodies[0]!;
    const inSource = trace.originalAt(offset - body.start);
    return { functionIndex: this.place.functionIndex, offset: this.source.originalOffset(inSource) };
  }

  make(): ResumeModule {
    const { layout } = this;
    const pass = this.walk();
    const code = this.resumeFunction(pass);
    const driver = this.driver();
    const out = new ByteWriter(code.length + 1024);
    const bodies: FunctionBody[] = [];
    const add = (write: () => void) => {
      const start = out.length;
      write();
      bodies.push({ body: { start, end: out.length }, code: { start, end: out.length } });
    };
    add(() => out.copy(code));
    for (const each of [driver, ...this.own]) add(() => writeFunction(out, each));
    const types = [this.continued, driver.type, ...this.own.map(({ type }) => type)];
    const functions = Uint32Array.from(types, (type) => layout.types.indexOf(type));
    const imports = this.imports();
    const referenced = Uint32Array.from(pass.referenced, (index) => layout.functionIndex(index));
    const source = out.finish();
    const module: Module = {
      ...{ bytes: source, types: layout.types.types, imports, functions, tables: [], memories: [], tags: [] },
      ...{ globals: [], data: [], bodies, customs: [this.nameSection()] },
      exports: [{ name: 'resume', kind: 'func', index: layout.ownFunctions + 1 }],
      elements:
        referenced.length === 0
          ? []
          : [
              {
                mode: 'declarative',
                tableIndex: 0,
                type: ValType.FuncRef,
                items: { kind: 'funcs', indices: referenced },
              },
            ],
    };
    return { bytes: encodeModule(module), picked: layout.picked, sites: this.sites };
  }

  private nameSection(): CustomSection {
    const out = new ByteWriter(64);
    out.u8(MODULE_NAME);
    const mark = out.openSized();
    out.name(`${NAME}${this.place.functionIndex}-${this.place.offset}-${Number(this.raise)}`);
    out.closeSized(mark);
    return { name: 'name', data: { start: 0, end: out.length, source: out.finish() }, after: Section.Code };
  }

  /** The type of the resume function itself: the calling convention of the pass, without parameters. */
  private get continued(): FuncType {
    return { params: [ValType.I64, ValType.I32], results: [...this.result.results, ValType.I64] };
  }

  private walk(): FunctionPass {
    const { frames, layout, source } = this;
    const pass = new FunctionPass(layout, frames.options);
    pass.trace = this.trace;
    const saves = new SaveFunctions((values) => layout.ownFunctions + 1 + this.own.push(saveFunction(layout, values)));
    const calls = { ...frames.calls, typeMayLeave: this.typesMayLeave() };
    pass.captures = new CaptureSites(source.bytes, calls, saves, source.originalOffset);
    pass.captures.onSite = (id, site) => void this.sites.set(id, site);
    pass.freeBranches = source.freeBranches;
    pass.raiseAt = source.raiseAt;
    pass.loadKnown(this.place.functionIndex, source.body, this.result);
    do {
      pass.begin(source.body, this.result);
      pass.pending = -source.repeated;
      walk(pass);
    } while (pass.mustWalkAgain);
    return pass;
  }

  private typesMayLeave(): Uint8Array {
    return Uint8Array.from(this.layout.module.types, (_, type) => this.frames.calls.typeMayLeave[type] ?? 0);
  }

  /** Locals, then what they were in the frame, then the guest's code. */
  private resumeFunction(pass: FunctionPass): Uint8Array {
    const { layout, place, source } = this;
    const exits = endBody(pass);
    pass.code.u8(Op.End);
    const entryDepth = pass.needsEntryDepth ? pass.locals.temporary(ValType.I32, Temporary.EntryDepth) : -1;
    const asm = new Assembler(layout);
    pass.locals.writeDeclarations(asm.out, source.bytes, source.body, true);
    asm.engineCall('take32');
    if (entryDepth >= 0) asm.op(Op.LocalSet, entryDepth);
    else asm.op(Op.Drop);
    for (const [at, type] of [...place.locals, ...place.operands].entries()) {
      takeValue(asm, type);
      asm.op(Op.LocalSet, pass.locals.index(at));
    }
    for (let left = exits; left > 0; left--) asm.constant(Op.Block, EXIT_BLOCK);
    if (pass.wrapped) asm.constant(Op.Block, layout.types.blockType([], this.result.results));
    if (this.trace !== undefined) this.trace.prefixBytes = asm.out.length;
    asm.out.copy(pass.code.bytes);
    return asm.out.finish();
  }

  /** `resume`: counter and depth in, results and counter out. */
  private driver(): AddedFunction {
    const { layout } = this;
    const { results } = this.result;
    const asm = new Assembler(layout);
    const counter = results.length;
    asm.engineCall('take64').engineCall('take32').op(Op.Call, layout.ownFunctions).op(Op.LocalSet, counter);
    for (let at = counter - 1; at >= 0; at--) asm.op(Op.LocalSet, at);
    for (const [at, type] of results.entries()) putLocal(asm, at, type);
    putLocal(asm, counter, ValType.I64);
    return asm.finish({ params: [], results: [] }, [...results, ValType.I64]);
  }

  private imports(): Import[] {
    const { layout } = this;
    const functions = [
      ...layout.engineImports.map((each) => ({
        from: ENGINE_MODULE,
        name: each.name as string,
        type: each as FuncType,
      })),
      ...layout.picked.map(({ type }, at) => ({ from: PICKED_MODULE, name: String(at), type })),
    ];
    return [
      ...functions.map(
        ({ from, name, type: { params, results } }): Import => ({
          ...{ module: from, name, offset: 0 },
          desc: { kind: 'func', typeIndex: layout.types.indexOf({ params, results }) },
        }),
      ),
      ...instanceImports(this.frames.module, layout.globalTypes, layout.tagTypes),
    ];
  }
}

/** Imports of everything but functions, under the indices that they have in the instance. */
function instanceImports(
  module: Module,
  globals: ResumeLayout['globalTypes'],
  tags: ResumeLayout['tagTypes'],
): Import[] {
  const of = (name: string, desc: Import['desc']): Import => ({ module: INSTANCE_MODULE, name, desc, offset: 0 });
  return [
    ...allTables(module).map((table, at) => of(`table${at}`, { kind: 'table', table })),
    ...allMemories(module).map((memory, at) => of(`memory${at}`, { kind: 'memory', memory })),
    ...tags.map((typeIndex, at) => of(`tag${at}`, { kind: 'tag', typeIndex })),
    ...globals.map((global, at) => of(`global${at}`, { kind: 'global', global })),
    ...GLOBALS.map(({ name, type }) => of(name, { kind: 'global', global: { type, mutable: true } })),
  ];
}

function writeFunction(out: ByteWriter, { locals, code }: { locals: readonly ValTypeOf[]; code: Uint8Array }): void {
  out.u32(locals.length);
  for (const local of locals) {
    out.u8(1);
    out.u8(local);
  }
  out.copy(code);
}
