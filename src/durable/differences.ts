/** Whether a directory's service is the one that is to be recovered, and whether its end is the service's end. */
import type { FileHeader, Writer } from './format.js';

/** What is different here, in words; empty if the service can be recovered here. */
export function differencesOf(
  header: FileHeader,
  here: { readonly service: string; readonly manifest: Readonly<Record<string, string>> },
): string[] {
  const found: string[] = [];
  const compare = (what: string, there: string | undefined, value: string | undefined): void => {
    if (there !== value) found.push(`${what}: ${there ?? 'nothing'} in the directory, ${value ?? 'nothing'} here`);
  };
  compare('service', header.service, here.service);
  for (const name of new Set([...Object.keys(header.manifest), ...Object.keys(here.manifest)])) {
    compare(name, header.manifest[name], here.manifest[name]);
  }
  return found;
}

export function sameWriter(a: Writer, b: Writer): boolean {
  return a.id === b.id && a.incarnation === b.incarnation;
}
