/**
 * Why V8 does not compile what the rewriting has made of a valid module: it has outgrown one of V8's limits. The message names
 * the place in the original module, which V8 cannot know.
 */
import { ByteReader } from '../../bytes/reader.js';
import { DecodeError } from '../../errors.js';
import { LIMITS } from '../../wasm/limits.js';
import type { Module } from '../../wasm/module.js';
import { ModuleNames } from '../../wasm/names.js';
import { declarationOffset, Section } from '../../wasm/sections.js';
import { rewrittenBodies } from './rewritten-bodies.js';

/** Each function takes so many parameters and gives one result more. */
const ADDED_PARAMS = 2;

const ADVICE = 'the interpreter runs it as it is (--engine interpreter)';

/** `cause`: what V8 has thrown. */
export function refusal(module: Module, rewritten: Uint8Array, cause: Error): DecodeError {
  const [offset, what] = grownType(module) ??
    grownBody(module, rewritten) ??
    grownSection(module, cause) ?? [
      0,
      `the rewritten module (${rewritten.length} bytes from ${module.bytes.length}) does not compile: ${cause.message}`,
    ];
  return new DecodeError('FTW_LIMIT', offset, `${what}; ${ADVICE}`, { reason: cause.message });
}

type Reason = readonly [offset: number, what: string];

function grownType({ bytes, types }: Module): Reason | undefined {
  const index = types.findIndex(
    ({ params, results }) => params.length + ADDED_PARAMS > LIMITS.params || results.length + 1 > LIMITS.results,
  );
  if (index < 0) return undefined;
  const { params, results } = types[index]!;
  const what = `type ${index} has ${params.length} params and ${results.length} results; rewritten it has ${ADDED_PARAMS} and 1 more, and V8's limits are ${LIMITS.params} and ${LIMITS.results}`;
  return [declarationOffset(bytes, Section.Type), what];
}

function grownBody(module: Module, rewritten: Uint8Array): Reason | undefined {
  for (const { at, functionIndex, start, size } of rewrittenBodies(module, rewritten)) {
    const { body } = module.bodies[at]!;
    const locals = paramsOf(module, at) + ADDED_PARAMS + declaredLocals(new ByteReader(rewritten, start));
    const grown =
      size > LIMITS.bodyBytes
        ? `${body.end - body.start} bytes become ${size} when it is rewritten, and V8's limit is ${LIMITS.bodyBytes}`
        : locals > LIMITS.locals && `rewritten it has ${locals} locals, and V8's limit is ${LIMITS.locals}`;
    if (grown) {
      const name = new ModuleNames(module).describeFunction(functionIndex);
      return [body.start, `${name} is too large: ${grown}`];
    }
  }
  return undefined;
}

function paramsOf({ functions, types }: Module, at: number): number {
  return types[functions[at]!]!.params.length;
}

function declaredLocals(reader: ByteReader): number {
  let locals = 0;
  for (let groups = reader.u32(); groups > 0; groups--) {
    locals += reader.u32();
    reader.u8();
  }
  return locals;
}

const COUNTED: Readonly<Record<string, Section>> = {
  types: Section.Type,
  functions: Section.Function,
  globals: Section.Global,
  exports: Section.Export,
  tables: Section.Table,
};

/** Rewriting adds types, functions and the like: V8 says `globals count of 1000006 exceeds internal limit of 1000000`. */
function grownSection({ bytes }: Module, { message }: Error): Reason | undefined {
  const found = /(\w+) count of (\d+) exceeds internal limit of (\d+)/.exec(message);
  if (found === null) return undefined;
  const [, what, count, limit] = found;
  const section = COUNTED[what!];
  if (section === undefined) return undefined;
  return [declarationOffset(bytes, section), `rewritten it has ${count} ${what}, and V8's limit is ${limit}`];
}
