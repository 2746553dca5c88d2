/** The steps of a join of a running guest, each a moment at which a fault may be aimed. */
export const TRANSFER_STEPS = [
  /** The primary has decided whom it takes. */
  'started',
  /** A piece of the state leaves the guest's thread. */
  'piece',
  /** The position of the state is known. */
  'captured',
  /** The newcomer has everything. */
  'done',
  /** The record that names the newcomer is on its way to the arbiter. */
  'proposed',
  /** The arbiter has taken it; its answer is on the way. */
  'written',
  /** The primary knows. */
  'joined',
] as const;
export type TransferStep = (typeof TRANSFER_STEPS)[number];

/** Events of a primary that mark a step. */
export const TRANSFER_EVENTS: Readonly<Record<string, TransferStep>> = {
  'transfer-started': 'started',
  'transfer-captured': 'captured',
  'transfer-done': 'done',
  'backup-joined': 'joined',
};
