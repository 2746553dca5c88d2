// Word counts in a hash map of strings: allocation, hashing, comparison and the garbage collector.
import { mix, Random } from '../checksum';

const SYLLABLES: string[] = ['ka', 'ro', 'mi', 'ten', 'lo', 'shi', 'va', 'nu'];

function makeWord(random: Random): string {
  let word = '';
  for (let left = 1 + (random.next() & 3); left > 0; left--) word += SYLLABLES[random.next() & 7];
  return word;
}

export function words(variation: u32): u32 {
  const random = new Random(161803, variation);
  const counts = new Map<string, i32>();
  for (let i = 0; i < 3000; i++) {
    const word = makeWord(random);
    counts.set(word, counts.has(word) ? counts.get(word) + 1 : 1);
  }
  const seen = counts.keys();
  seen.sort();
  let sum: u32 = 0;
  for (let i = 0; i < seen.length; i++)
    sum = mix(mix(sum, counts.get(seen[i])), seen[i].charCodeAt(0) + seen[i].length);
  return sum;
}
