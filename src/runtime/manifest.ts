/**
 * The manifest: everything that must be equal on all replicas, as named printable facts, so that a mismatch can say what
 * differs (design.md section 5, last row). Also part of a recording's header.
 */
import type { EngineLimits } from '../engine/engine.js';

export interface ManifestInput {
  readonly moduleHash: string;
  readonly rewriterVersion: string;
  readonly logFormatVersion: number;
  readonly packageVersion: string;
  readonly args: readonly string[];
  readonly env: readonly (readonly [string, string])[];
  readonly listeners: number;
  readonly random: string;
  readonly limits: EngineLimits;
  readonly fuel: number | undefined;
  /** One per mount: guest path, mode, digest of the tree's content. */
  readonly dirs: readonly { readonly guest: string; readonly mode: string; readonly hash: string }[];
}

export type Manifest = Readonly<Record<string, string>>;

/** Facts in a fixed order; every value fits on a line. */
export function buildManifest(input: ManifestInput): Manifest {
  return {
    version: input.packageVersion,
    module: input.moduleHash,
    rewriter: input.rewriterVersion,
    'log-format': String(input.logFormatVersion),
    arguments: JSON.stringify(input.args),
    environment: JSON.stringify(input.env),
    listeners: String(input.listeners),
    random: input.random,
    'memory-pages-max': String(input.limits.memoryPagesMax),
    'table-elements-max': String(input.limits.tableElementsMax),
    'stack-units-max': String(input.limits.stackUnitsMax),
    fuel: input.fuel === undefined ? 'unlimited' : String(input.fuel),
    directories: JSON.stringify(input.dirs.map(({ guest, mode, hash }) => `${guest}:${mode}:${hash}`)),
  };
}
