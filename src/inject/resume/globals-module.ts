/** A module that reads and writes an instance's mutable globals as bits: JavaScript would lose NaN payloads and vectors. */
import { ByteWriter } from '../../bytes/writer.js';
import { encodeModule } from '../../wasm/encode/index.js';
import type { FuncType, Import, Module, ValType } from '../../wasm/module.js';
import { Op } from '../../wasm/opcode.js';
import { Assembler } from '../added-functions.js';
import { ENGINE_MODULE, type EngineImport, Layout, PUT_IMPORTS, TAKE_IMPORTS } from '../layout.js';
import { putLocal, takeValue } from '../value-bits.js';
import type { FrameMap } from './frame-map.js';
import { INSTANCE_MODULE } from './resume-module.js';

const NOTHING: FuncType = { params: [], results: [] };

class GlobalsLayout extends Layout {
  override readonly engineImports: readonly EngineImport[] = [...PUT_IMPORTS, ...TAKE_IMPORTS];

  override engineImport(name: EngineImport['name']): number {
    return this.engineImports.findIndex((each) => each.name === name);
  }
}

export interface GlobalsModule {
  /** Exports `save`, which puts every mutable global in the order of `globals`, and `load`, which takes them. */
  readonly bytes: Uint8Array;
  readonly globals: readonly { readonly index: number; readonly type: ValType }[];
}

export function globalsModule({ layout: { globalTypes }, module: guest }: FrameMap): GlobalsModule {
  const globals = [...globalTypes.entries()].flatMap(([index, { mutable, type }]) =>
    mutable ? [{ index, type }] : [],
  );
  const layout = new GlobalsLayout(guest, true);
  const { types } = layout;
  const imports: Import[] = [
    ...layout.engineImports.map(
      ({ name, params, results }): Import => ({
        ...{ module: ENGINE_MODULE, name, offset: 0 },
        desc: { kind: 'func', typeIndex: types.indexOf({ params, results }) },
      }),
    ),
    ...globals.map(
      ({ index, type }): Import => ({
        ...{ module: INSTANCE_MODULE, name: `global${index}`, offset: 0 },
        desc: { kind: 'global', global: { type, mutable: true } },
      }),
    ),
  ];
  const save = new Assembler(layout);
  const load = new Assembler(layout);
  for (const [at, { type }] of globals.entries()) {
    save.op(Op.GlobalGet, at).op(Op.LocalSet, at);
    putLocal(save, at, type);
    takeValue(load, type);
    load.op(Op.GlobalSet, at);
  }
  const out = new ByteWriter(256);
  const bodies = [
    save.finish(
      NOTHING,
      globals.map(({ type }) => type),
    ),
    load.finish(NOTHING),
  ].map(({ code, locals }) => {
    const start = out.length;
    out.u32(locals.length);
    for (const local of locals) {
      out.u8(1);
      out.u8(local);
    }
    out.copy(code);
    return { body: { start, end: out.length }, code: { start, end: out.length } };
  });
  const nothing = types.indexOf(NOTHING);
  const first = layout.engineImports.length;
  const module: Module = {
    ...{ bytes: out.finish(), types: types.types, imports, functions: Uint32Array.of(nothing, nothing), bodies },
    ...{ tables: [], memories: [], tags: [], globals: [], elements: [], data: [], customs: [] },
    exports: [
      { name: 'save', kind: 'func', index: first },
      { name: 'load', kind: 'func', index: first + 1 },
    ],
  };
  return { bytes: encodeModule(module), globals };
}
