/**
 * Flags of a command that stand behind its module, as in `serve kv.wasm --role primary`. Commander would leave all of them
 * to the guest; here the command's own come first, up to the first word that is none of them, or `--`.
 */
import { type Flag, usage } from './flags.js';

/** `words` behind the command's name, with all of its own flags ahead of the module. @throws FTW_USAGE for a lacking value */
export function ownFlagsFirst(words: readonly string[], flags: readonly Flag[]): string[] {
  const takesValue = new Map(flags.flatMap(([, notation]) => namesOf(notation)));
  const module = endOfFlags(words, 0, takesValue);
  // Without a module, or with a flag that is unknown, commander knows what to say.
  if (module >= words.length || words[module]!.startsWith('-')) return [...words];
  const end = endOfFlags(words, module + 1, takesValue);
  if (end > words.length) throw usage(`${words.at(-1)} needs a value behind it`);
  const guest = words.slice(words[end] === '--' ? end + 1 : end);
  return [...words.slice(0, module), ...words.slice(module + 1, end), words[module]!, ...guest];
}

/** `-o, --output <file>`: its names, and whether a value follows. */
function namesOf(notation: string): [name: string, takesValue: boolean][] {
  return notation.split(', ').map((name) => [name.split(' ')[0]!, notation.includes('<')]);
}

/** Index of the first word from `at` on that is no flag, and no value of one. */
function endOfFlags(words: readonly string[], from: number, takesValue: ReadonlyMap<string, boolean>): number {
  let at = from;
  while (at < words.length) {
    const [name, value] = words[at]!.split('=', 2);
    const takes = takesValue.get(name!);
    if (takes === undefined) return at;
    at += takes && value === undefined ? 2 : 1;
  }
  return at;
}
