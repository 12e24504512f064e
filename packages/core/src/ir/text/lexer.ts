import { GraphError } from '../../tensor/index.js';

/** `name` is `%x` or `%"odd name"`, `string` is a JSON string, `hex` is `hex"00ff"`; `text` is already unquoted. */
export interface Token {
  readonly kind: 'name' | 'word' | 'number' | 'string' | 'hex' | 'punctuation' | 'end';
  readonly text: string;
  readonly line: number;
}

const PATTERN =
  /(?<space>\s+|\/\/[^\n]*)|%(?<name>[\w./-]+|"(?:[^"\\\n]|\\.)*")|hex"(?<hex>(?:[0-9a-f]{2})*)"|(?<string>"(?:[^"\\\n]|\\.)*")|(?<number>-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf\b))|(?<word>[A-Za-z_][\w./-]*)|(?<punctuation>::|\.\.\.|[{}()[\]:,=@_?*])/y;

/** A reader over the tokens of a graph's text. Every failure is a GraphError `GRAPH_TEXT` with the line. */
export class Lexer {
  private readonly tokens: readonly Token[];
  private position = 0;

  constructor(text: string) {
    this.tokens = tokenize(text);
  }

  get next(): Token {
    return this.tokens[this.position] ?? END;
  }

  take(): Token {
    const token = this.next;
    this.position++;
    return token;
  }

  /** Whether the next token is this word or punctuation. */
  at(text: string): boolean {
    return (this.next.kind === 'word' || this.next.kind === 'punctuation') && this.next.text === text;
  }

  accept(text: string): boolean {
    if (!this.at(text)) return false;
    this.position++;
    return true;
  }

  expect(text: string): void {
    if (!this.accept(text)) this.fail(`expected '${text}', found '${this.next.text}'.`);
  }

  /** The text of a token of the given kinds. */
  expectKind(...kinds: readonly Token['kind'][]): string {
    if (!kinds.includes(this.next.kind))
      this.fail(`expected a ${kinds.join(' or ')}, found '${this.next.text}'.`);
    return this.take().text;
  }

  /** `each` until `close`, separated by commas; the opening token is already taken. */
  list<T>(close: string, each: () => T): T[] {
    const items: T[] = [];
    while (!this.accept(close)) {
      if (items.length > 0) this.expect(',');
      items.push(each());
    }
    return items;
  }

  fail(message: string): never {
    throw new GraphError({ code: 'GRAPH_TEXT', where: `line ${this.next.line}`, message });
  }
}

const END: Token = { kind: 'end', text: 'the end of the text', line: 0 };

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  const pattern = new RegExp(PATTERN);
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const groups = pattern.exec(text)?.groups;
    if (!groups) {
      const message = `'${text.slice(at, at + 10)}' is no part of a graph's text.`;
      throw new GraphError({ code: 'GRAPH_TEXT', where: `line ${line}`, message });
    }
    for (const [kind, found] of Object.entries(groups)) {
      if (found === undefined) continue;
      if (kind === 'space') line += found.split('\n').length - 1;
      else tokens.push({ kind: kind as Token['kind'], text: unquote(found, line), line });
    }
  }
  tokens.push({ ...END, line });
  return tokens;
}

function unquote(text: string, line: number): string {
  if (!text.startsWith('"')) return text;
  try {
    return String(JSON.parse(text));
  } catch (cause) {
    throw new GraphError({
      code: 'GRAPH_TEXT',
      where: `line ${line}`,
      message: `${text} is no JSON string.`,
      cause,
    });
  }
}
