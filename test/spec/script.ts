/** Runs a script's commands on an engine. */
import {
  DEFAULT_LIMITS,
  type Engine,
  type EngineInstance,
  type HostImports,
  type Outcome,
} from '../../src/engine/engine.js';
import { FtWasmError } from '../../src/errors.js';
import { decodeModule } from '../../src/wasm/decode/index.js';
import { assemble } from '../support/modules.js';
import { BITS_PREFIX, withBits } from './bits.js';
import type { Action, Command, Script } from './suite.js';
import { matches, toArguments } from './values.js';

/** A call depth that fits a test process's main thread. */
const LIMITS = { ...DEFAULT_LIMITS, stackUnitsMax: 20_000 };

/** What became of a script. */
export interface ScriptResult {
  passed: number;
  /** Commands that this engine cannot run: it does not link instances, or an earlier skip took their module away. */
  skipped: number;
  readonly failures: { readonly place: string; readonly message: string }[];
}

const SPECTEST_FUNCTIONS = new Set([
  'print',
  'print_i32',
  'print_i64',
  'print_f32',
  'print_f64',
  'print_i32_f32',
  'print_f64_f64',
]);
const GLOBALS = `(global (export "global_i32") i32 (i32.const 666)) (global (export "global_i64") i64 (i64.const 666))
  (global (export "global_f32") f32 (f32.const 666.6)) (global (export "global_f64") f64 (f64.const 666.6))
  (table (export "table") 10 20 funcref)`;

/** Traps by the words of the suite. Several codes where its words are coarser or finer than ours. */
const TRAPS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^out of bounds memory/, ['memory-out-of-bounds']],
  [/^(out of bounds table|undefined element)/, ['table-out-of-bounds']],
  [/^(uninitialized|undefined)/, ['indirect-call-type', 'indirect-call-null', 'table-out-of-bounds']],
  [/^indirect call type mismatch/, ['indirect-call-type']],
  [/^integer divide by zero/, ['integer-divide-by-zero']],
  [/^integer overflow/, ['integer-overflow', 'invalid-conversion']],
  [/^invalid conversion/, ['invalid-conversion']],
  [/^unreachable/, ['unreachable']],
  [/^call stack exhausted/, ['stack-overflow']],
];

class Skip extends Error {}

export class ScriptRunner {
  private readonly result: ScriptResult = { passed: 0, skipped: 0, failures: [] };
  private readonly named = new Map<string, EngineInstance>();
  private readonly registered = new Map<string, EngineInstance>();
  /** An instance that should have changed the others is missing: nothing after it means anything. */
  private unlinked = false;
  /** Null after a module that could not be instantiated. */
  private current: EngineInstance | null = null;
  private spectest: { tables: EngineInstance; memories: EngineInstance } | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly script: Script,
  ) {}

  async run(): Promise<ScriptResult> {
    for (const command of this.script.commands) await this.step(command);
    return this.result;
  }

  private async step(command: Command): Promise<void> {
    try {
      if (this.unlinked) throw new Skip();
      const message = await this.execute(command);
      if (message === undefined) this.result.passed++;
      else this.fail(command, message);
    } catch (error) {
      if (error instanceof Skip) this.result.skipped++;
      else this.fail(command, `${(error as Error).stack}`);
    }
  }

  private fail({ type, line }: Command, message: string): void {
    this.result.failures.push({ place: `${this.script.name}:${line}`, message: `${type}: ${message}` });
  }

  /** @returns what went wrong, undefined if the command did what it says */
  private async execute(command: Command): Promise<string | undefined> {
    switch (command.type) {
      case 'module':
        return this.module(command);
      case 'register':
        this.registered.set(command.as!, this.instance(command.name));
        return undefined;
      case 'action':
        return describe(this.act(command.action!), 'returned');
      case 'assert_return':
        return this.assertReturn(command);
      case 'assert_trap':
      case 'assert_exhaustion':
        return assertTrap(this.act(command.action!), command.text!);
      case 'assert_invalid':
      case 'assert_malformed':
        return this.assertRefused(command);
      case 'assert_unlinkable':
        return this.assertUnlinkable(command);
      case 'assert_uninstantiable':
        return assertTrap((await this.instantiate(command)).started, command.text!);
      default:
        return `the harness does not know ${command.type}`;
    }
  }

  private async module(command: Command): Promise<string | undefined> {
    this.current = null;
    if (command.name !== undefined) this.named.delete(command.name);
    const { instance, started } = await this.instantiate(command);
    this.current = instance;
    if (command.name !== undefined) this.named.set(command.name, instance);
    return describe(started, 'returned');
  }

  private async instantiate({ filename }: Command): Promise<{ instance: EngineInstance; started: Outcome }> {
    const bytes = withBits(this.script.bytes(filename!));
    await this.prepareSpectest();
    this.requireLinking(bytes);
    const prepared = await this.engine.prepare(bytes);
    const memory = decodeModule(bytes).imports.some(({ desc }) => desc.kind === 'memory');
    const instance = prepared.instantiate({ imports: this.imports(memory), limits: LIMITS, sliceFuel: 1e9 });
    return { instance, started: instance.start() };
  }

  /** Two of them, because an instance with a memory of its own cannot share another one's table on every engine. */
  private async prepareSpectest(): Promise<void> {
    if (this.spectest !== undefined) return;
    const make = async (more: string) => {
      const prepared = await this.engine.prepare(assemble(`(module ${GLOBALS} ${more})`));
      const imports = { resolve: () => undefined };
      return prepared.instantiate({ imports, limits: LIMITS, sliceFuel: 1e9 });
    };
    this.spectest = { tables: await make(''), memories: await make('(memory (export "memory") 1 2)') };
  }

  /** @throws Skip when the engine cannot link instances and the module needs it */
  private requireLinking(bytes: Uint8Array): void {
    if (this.spectest?.tables.extern !== undefined) return;
    for (const { module, desc } of decodeModule(bytes).imports) {
      if (module !== 'spectest') this.unlinked = true;
      if (module !== 'spectest' || desc.kind !== 'func') throw new Skip();
    }
  }

  private imports(memory: boolean): HostImports {
    const spectest = memory ? this.spectest!.memories : this.spectest!.tables;
    return {
      resolve: (module, name) => (module === 'spectest' && SPECTEST_FUNCTIONS.has(name) ? () => undefined : undefined),
      resolveExtern: (module, name) => {
        if (module === 'spectest') return spectest.extern?.(name);
        return this.registered.get(module)?.extern?.(name);
      },
    };
  }

  private instance(name: string | undefined): EngineInstance {
    const instance = name === undefined ? this.current : this.named.get(name);
    if (instance === null || instance === undefined) throw new Skip();
    return instance;
  }

  private act(action: Action): Outcome {
    const instance = this.instance(action.module);
    return instance.call(BITS_PREFIX + action.field, (action.args ?? []).flatMap(toArguments));
  }

  private assertReturn({ action, expected }: Command): string | undefined {
    const outcome = this.act(action!);
    if (outcome.kind !== 'returned') return describe(outcome, 'returned');
    const actual = [...outcome.values];
    const right = (expected ?? []).every((value) => matches(value, actual)) && actual.length === 0;
    if (right) return undefined;
    const show = (value: unknown) =>
      typeof value === 'bigint' ? `0x${BigInt.asUintN(64, value).toString(16)}` : value;
    return `${action!.field} gave ${outcome.values.map(show).join()}, expected ${JSON.stringify(expected)}`;
  }

  private async assertRefused({ filename, module_type, text }: Command): Promise<string | undefined> {
    if (module_type === 'text') return undefined;
    try {
      await this.engine.prepare(this.script.bytes(filename!));
    } catch (error) {
      if (error instanceof FtWasmError) return undefined;
      throw error;
    }
    return `accepted, expected a refusal (${text})`;
  }

  private async assertUnlinkable(command: Command): Promise<string | undefined> {
    try {
      await this.instantiate(command);
    } catch (error) {
      if (error instanceof FtWasmError) return undefined;
      throw error;
    }
    return `was linked, expected a refusal (${command.text})`;
  }
}

function describe(outcome: Outcome, expected: string): string | undefined {
  if (outcome.kind === expected) return undefined;
  const detail = outcome.kind === 'trapped' ? ` (${outcome.trap}: ${outcome.message})` : '';
  return `ended with ${outcome.kind}${detail}, expected ${expected}`;
}

function assertTrap(outcome: Outcome, text: string): string | undefined {
  if (outcome.kind !== 'trapped') return describe(outcome, 'trapped');
  const codes = TRAPS.find(([words]) => words.test(text))?.[1];
  if (codes?.includes(outcome.trap)) return undefined;
  return `trapped with ${outcome.trap} (${outcome.message}), expected ${text}`;
}
