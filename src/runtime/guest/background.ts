/** Work that the guest's thread does beside running the guest. */
export interface Background {
  /** The guest has come to a place where it can be looked at; it runs on at once. */
  tick(): void;
  /**
   * The guest waits for the world. Does a stretch of work, if there is any; answers for how many ms the guest may sleep before
   * it asks again. `mayStop`: the host call it waits in can be dropped and made again. @throws GuestStop 'captured' to have
   * that done
   */
  idle(mayStop: boolean): number;
  /**
   * A replaying guest is about to be given the entry with this counter, or (infinity) would have to be told that there is
   * none. @throws GuestStop 'captured' as above
   */
  beforeEntry(counter: number, mayStop: boolean): void;
}

/** Nothing besides. */
export const NO_BACKGROUND: Background = {
  tick: () => {},
  idle: () => Number.POSITIVE_INFINITY,
  beforeEntry: () => {},
};
