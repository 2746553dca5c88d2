/** Binds the call table to one guest: configuration, services, session and memory become the guest's imports. */
import type { GuestMemory, HostFunction, HostImports } from '../engine/engine.js';
import { LinkError } from '../errors.js';
import type { HostServices } from '../host/services.js';
import { type CallArgs, EVENT } from '../record/call.js';
import type { Session } from '../record/session.js';
import type { FuncType } from '../wasm/module.js';
import type { WasiConfig } from './config.js';
import type { WasiContext, WasiStep } from './context.js';
import { DescriptorTable } from './descriptors.js';
import { failureErrno } from './failure.js';
import { Tree } from './fs/tree.js';
import { type LiveWorld, liveWorld } from './live.js';
import { GuestBytes } from './memory.js';
import { initialState, type WasiState } from './state.js';
import { CALL_TABLE, type CallRow } from './table.js';
import { formatType, sameType } from './tables/signature.js';

export interface Wasi {
  readonly imports: HostImports;
  /** Must be called before the guest runs; the getter is asked again at each host call. */
  bindMemory(getMemory: () => GuestMemory | undefined): void;
  /** The live state itself, plain data; see `exportState` for a copy that can be kept. */
  readonly state: WasiState;
}

/** `state`: continue from a snapshot's; the guest starts anew without it. */
export function createWasi(config: WasiConfig, services: HostServices, session: Session, state?: WasiState): Wasi {
  const memory = new GuestBytes();
  const current = state ?? initialState(config);
  const ctx = makeContext(config, services, session, memory, current);
  const live = liveWorld(services, current.clocks);
  if (session.mode === 'live') live.clock.rebase();
  else session.onLive(() => live.clock.rebase(services.waiter.waitedForLogNs));
  session.nameCalls(callName);
  return {
    imports: { resolve: (module, name, type) => resolve(ctx, session, live, module, name, type) },
    bindMemory: (getMemory) => memory.bind(getMemory),
    state: current,
  };
}

function makeContext(
  config: WasiConfig,
  services: HostServices,
  session: Session,
  memory: GuestBytes,
  state: WasiState,
): WasiContext {
  const tree = new Tree(state.tree, () => state.clocks.realtimeNs);
  const fds = new DescriptorTable(state.descriptors);
  return {
    config,
    state,
    fds,
    tree,
    memory,
    output: services.output,
    get counter() {
      return session.counter;
    },
    get event() {
      return session.event;
    },
    releaseInode(inode) {
      if (tree.get(inode).links === 0 && !fds.hasInode(inode)) tree.release(inode);
    },
  };
}

/** A name may have several rows, told apart by their types: WasmEdge has a sock_accept of its own. */
const rowsByName = new Map<string, CallRow[]>();
for (const row of CALL_TABLE) rowsByName.set(row.name, [...(rowsByName.get(row.name) ?? []), row]);
const namesById = new Map<number, string>([
  [EVENT.GO_LIVE, 'event.go-live'],
  [EVENT.CONTROL, 'event.control'],
  ...CALL_TABLE.map((row) => [row.id, row.name] as const),
]);

/** Name of a call or event by its id in the log. */
export function callName(id: number): string | undefined {
  return namesById.get(id);
}

function resolve(
  ctx: WasiContext,
  session: Session,
  live: LiveWorld,
  module: string,
  name: string,
  type: FuncType,
): HostFunction | undefined {
  const rows = rowsByName.get(`${module}.${name}`);
  if (rows === undefined) return undefined;
  const row = rows.find((candidate) => sameType(candidate.type, type)) ?? refuseType(rows, type);
  const handler = row.handler as (ctx: WasiContext, ...args: CallArgs) => WasiStep;
  const bound = (args: CallArgs): WasiStep => {
    ctx.memory.refresh();
    return handler(ctx, ...args);
  };
  return session.hostFunction(row, bound, live, failureErrno) as HostFunction;
}

/**
 * Imports that are there, for a module that is to be looked at before it is run: what is answered must not be called.
 * @throws LinkError for a call that is imported with another type
 */
export const PROVIDED: HostImports = {
  resolve(module, name, type) {
    const rows = rowsByName.get(`${module}.${name}`);
    if (rows === undefined) return undefined;
    if (!rows.some((row) => sameType(row.type, type))) refuseType(rows, type);
    return () => undefined;
  },
};

function refuseType(rows: readonly CallRow[], type: FuncType): never {
  const { name } = rows[0]!;
  const expected = rows.map((row) => formatType(row.type)).join(' or ');
  const found = formatType(type);
  throw new LinkError(`${name} is imported as ${found}, but it is ${expected}`, { import: name, expected, found });
}
