// A JSON parser and printer over a class hierarchy: virtual calls, strings and number parsing.
import { mix } from '../checksum';

abstract class Value {
  abstract print(): string;
}

class Literal extends Value {
  constructor(readonly text: string) {
    super();
  }
  print(): string {
    return this.text;
  }
}

class NumberValue extends Value {
  constructor(readonly value: f64) {
    super();
  }
  print(): string {
    return (this.value * 4).toString();
  }
}

class List extends Value {
  readonly keys: string[] = [];
  readonly items: Value[] = [];
  constructor(readonly isObject: bool) {
    super();
  }
  print(): string {
    let text = this.isObject ? '{' : '[';
    for (let i = 0; i < this.items.length; i++) {
      if (i > 0) text += ',';
      if (this.isObject) text += this.keys[i] + ':';
      text += this.items[i].print();
    }
    return text + (this.isObject ? '}' : ']');
  }
}

class Parser {
  private at: i32 = 0;
  constructor(private readonly text: string) {}

  parse(): Value {
    const c = this.peek();
    if (c == 0x7b) return this.list(true);
    if (c == 0x5b) return this.list(false);
    if (c == 0x22) return new Literal(this.quoted());
    if (c == 0x2d || (c >= 0x30 && c <= 0x39)) return new NumberValue(parseFloat(this.run()));
    return new Literal(this.run());
  }

  private peek(): i32 {
    while (this.text.charCodeAt(this.at) <= 0x20) this.at++;
    return this.text.charCodeAt(this.at);
  }

  private list(isObject: bool): Value {
    const list = new List(isObject);
    const close = isObject ? 0x7d : 0x5d;
    this.at++;
    while (this.peek() != close) {
      if (this.peek() == 0x2c) this.at++;
      if (isObject) {
        this.peek();
        list.keys.push(this.quoted());
        this.at++;
      }
      list.items.push(this.parse());
    }
    this.at++;
    return list;
  }

  private quoted(): string {
    const start = this.at++;
    while (this.text.charCodeAt(this.at) != 0x22) this.at += this.text.charCodeAt(this.at) == 0x5c ? 2 : 1;
    return this.text.slice(start, ++this.at);
  }

  private run(): string {
    const start = this.at;
    while (this.at < this.text.length && !isEnd(this.text.charCodeAt(this.at))) this.at++;
    return this.text.slice(start, this.at);
  }
}

function isEnd(c: i32): bool {
  return c == 0x2c || c == 0x5d || c == 0x7d || c <= 0x20;
}

const WORD = 'primary ';

/** A record; `choice` decides on its identifier (two digits) and where the quoted letter in its name is. */
function record(choice: u32): string {
  const id = 10 + ((7 + choice) % 90);
  const turn = choice % <u32>WORD.length;
  const name = WORD.slice(turn) + '\\"a\\"' + WORD.slice(0, turn);
  return `{"id": ${id}, "name": "${name}", "epoch": 3, "lag": -0.25, "members": [1, 2, 30.5], "live": true, "next": null}`;
}

export function json(variation: u32): u32 {
  let text = '[';
  for (let i = 0; i < 25; i++) text += (i > 0 ? ', ' : '') + record(variation * (i + 1));
  const printed = new Parser(text + ']').parse().print();
  let sum: u32 = 0;
  for (let i = 0; i < printed.length; i++) sum = mix(sum, printed.charCodeAt(i));
  return sum;
}
