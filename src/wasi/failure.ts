/** Errno results as control flow: deterministic code throws one, the session's failure map turns it into the return value. */
export class Failure {
  constructor(readonly errno: number) {}
}

const failures = new Map<number, Failure>();

/** Ends the current call with `errno`. Only deterministic code may use it: what is observed live is logged instead. */
export function fail(errno: number): never {
  let failure = failures.get(errno);
  if (failure === undefined) {
    failure = new Failure(errno);
    failures.set(errno, failure);
  }
  throw failure;
}

/** The errno that a handler threw; anything else (the guest's exit, a bug) goes on. */
export function failureErrno(error: unknown): number {
  if (error instanceof Failure) return error.errno;
  throw error;
}
