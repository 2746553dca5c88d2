/** A rough reader of TypeScript source, enough for house rules. */

export interface Import {
  readonly target: string;
  readonly line: number;
}

/** Every module named by an `import`, an `export ... from`, a dynamic import or a worker's `new URL`. */
export function importsOf(text: string): Import[] {
  const code = blank(text, /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm);
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*|new URL\(\s*)(['"])([^'"\n]+)\1/g;
  return [...code.matchAll(pattern)].map((match) => ({ target: match[2]!, line: lineOf(code, match.index) }));
}

/** The text with comments and string contents blanked, lines kept, so that a rule sees code only. */
export function withoutComments(text: string): string {
  const pattern = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g;
  return blank(text, pattern);
}

/** Line number, from 1, of the character at `index`. */
export function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

function blank(text: string, pattern: RegExp): string {
  return text.replace(pattern, (match) => match.replace(/[^\n]/g, ' '));
}
