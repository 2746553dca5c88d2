const LF = 10;
const DOLLAR = 36;
const MINUS = 45;

/** Counts complete replies in a stream of simple strings, errors, integers and bulk strings. */
export class ReplyCounter {
  #skip = 0;
  #partial = /** @type {Buffer | undefined} */ (undefined);
  errors = 0;

  /** @param {Buffer} chunk */
  count(chunk) {
    const data = this.#partial === undefined ? chunk : Buffer.concat([this.#partial, chunk]);
    this.#partial = undefined;
    let complete = 0;
    let at = 0;
    while (at < data.length) {
      if (this.#skip > 0) {
        const taken = Math.min(this.#skip, data.length - at);
        this.#skip -= taken;
        at += taken;
        if (this.#skip === 0) complete++;
        continue;
      }
      const end = data.indexOf(LF, at);
      if (end < 0) {
        this.#partial = data.subarray(at);
        break;
      }
      if (data[at] === DOLLAR && data[at + 1] !== MINUS) {
        this.#skip = Number(data.latin1Slice(at + 1, end - 1)) + 2;
      } else {
        if (data[at] === MINUS) this.errors++;
        complete++;
      }
      at = end + 1;
    }
    return complete;
  }

  /** A new connection: forgets what was incomplete. */
  reset() {
    this.#skip = 0;
    this.#partial = undefined;
  }
}
