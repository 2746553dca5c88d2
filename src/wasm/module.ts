/**
 * The module model: everything of a binary except instructions is decoded into plain objects; function bodies and
 * custom sections stay byte ranges of the original buffer, so that passes can stream over them and copy what they do
 * not change (WebAssembly 2.0 core spec, section 5.5).
 */

/** Value types by their binary code (spec 5.3.1 to 5.3.4; exnref from the exception-handling proposal). */
export const ValType = {
  I32: 0x7f,
  I64: 0x7e,
  F32: 0x7d,
  F64: 0x7c,
  V128: 0x7b,
  FuncRef: 0x70,
  ExternRef: 0x6f,
  ExnRef: 0x69,
} as const;
export type ValType = (typeof ValType)[keyof typeof ValType];

export interface FuncType {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

/** Memory or table limits; counts are pages or elements. */
export interface Limits {
  readonly min: number;
  readonly max?: number;
  readonly shared?: boolean;
  readonly is64?: boolean;
}

export interface TableType {
  readonly element: ValType;
  readonly limits: Limits;
}

export interface GlobalType {
  readonly type: ValType;
  readonly mutable: boolean;
}

/** A half-open byte range of {@link Module.bytes}, or of `source` when a pass made the bytes. */
export interface Range {
  readonly start: number;
  readonly end: number;
  readonly source?: Uint8Array;
}

export type ImportDesc =
  | { readonly kind: 'func'; readonly typeIndex: number }
  | { readonly kind: 'table'; readonly table: TableType }
  | { readonly kind: 'memory'; readonly memory: Limits }
  | { readonly kind: 'global'; readonly global: GlobalType }
  | { readonly kind: 'tag'; readonly typeIndex: number };

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly desc: ImportDesc;
  /** Offset of the entry in the binary, for messages. */
  readonly offset: number;
}

export type ExternKind = 'func' | 'table' | 'memory' | 'global' | 'tag';

export interface Export {
  readonly name: string;
  readonly kind: ExternKind;
  readonly index: number;
}

/** A constant expression, kept as its bytes including the final `end` (0x0b). */
export interface ConstExpr extends Range {}

export interface Global {
  readonly global: GlobalType;
  readonly init: ConstExpr;
}

export interface Table {
  readonly table: TableType;
  /** Explicit initialiser (typed function references proposal); absent in 2.0 modules. */
  readonly init?: ConstExpr;
}

export interface ElementSegment {
  readonly mode: 'active' | 'passive' | 'declarative';
  readonly tableIndex: number;
  readonly offset?: ConstExpr;
  readonly type: ValType;
  /** Function indices, or constant expressions when the segment uses the expression form. */
  readonly items:
    | { readonly kind: 'funcs'; readonly indices: Uint32Array }
    | { readonly kind: 'exprs'; readonly exprs: readonly ConstExpr[] };
}

export interface DataSegment {
  readonly mode: 'active' | 'passive';
  readonly memoryIndex: number;
  readonly offset?: ConstExpr;
  readonly data: Range;
}

/** One function body (spec 5.5.13). `body` is the whole entry after its size; `code` starts after the locals. */
export interface FunctionBody {
  /** First byte after the size field (the locals vector) up to and including the final `end`. */
  readonly body: Range;
  /** First instruction up to and including the final `end`. */
  readonly code: Range;
}

export interface CustomSection {
  readonly name: string;
  /** Payload after the name. */
  readonly data: Range;
  /** Id of the last non-custom section before this one (0 if none): where the encoder puts it back. */
  readonly after: number;
}

/** Index spaces count imports first, as in the spec (2.5.1). */
export interface Module {
  readonly bytes: Uint8Array;
  readonly types: readonly FuncType[];
  readonly imports: readonly Import[];
  /** Type index per DEFINED function (imports not included). */
  readonly functions: Uint32Array;
  readonly tables: readonly Table[];
  readonly memories: readonly Limits[];
  readonly tags: readonly { readonly typeIndex: number }[];
  readonly globals: readonly Global[];
  readonly exports: readonly Export[];
  /** Start function index, if any. */
  readonly start?: number;
  readonly elements: readonly ElementSegment[];
  readonly dataCount?: number;
  readonly bodies: readonly FunctionBody[];
  readonly data: readonly DataSegment[];
  readonly customs: readonly CustomSection[];
}
