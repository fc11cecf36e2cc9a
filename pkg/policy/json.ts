/**
 * Bodies as JSON (RFC 8259), read strictly: for decisions about what a backend will read with a parser of its own.
 * Names that stand twice, deep nesting and numbers that no double holds are refused: parsers disagree about them.
 */

const MaxDepth = 64;

export type JsonValue = unknown;

export class JsonMistake extends Error {
  /** Offset in the text. */
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

export interface JsonOptions {
  /** Numbers of more digits than a double holds become raw JSON, not the nearest double. */
  readonly exact?: boolean;
}

/** Objects have no prototype, so every name is data. Throws JsonMistake. */
export function parseJson(text: string, options: JsonOptions = {}): JsonValue {
  const reader = new Reader(text, options.exact === true);
  const value = reader.value(0);
  reader.end();
  return value;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** "JSON text exchanged between systems … MUST be encoded using UTF-8" (RFC 8259 8.1). Throws JsonMistake. */
export function parseJsonBytes(bytes: Uint8Array, options: JsonOptions = {}): JsonValue {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new JsonMistake('is not UTF-8', 0);
  }
  return parseJson(text, options);
}

/** Ends the fast path of strings. */
const unusual = /[\\\p{Cc}]/u;
// Node has these, TypeScript's library not yet (TC39 JSON.parse source text access).
const source = JSON as unknown as { rawJSON(text: string): object; isRawJSON(value: unknown): boolean };

/** Whether a value is an object, and no number that is kept as it was written. */
export function isJsonObject(value: unknown): value is Record<string, JsonValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !source.isRawJSON(value);
}

/** A copy that shares nothing with `value`; its objects have no prototype. */
export function copyJson(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(copyJson);
  if (!isJsonObject(value)) return value;
  const copy = Object.create(null) as Record<string, JsonValue>;
  for (const [name, child] of Object.entries(value)) copy[name] = copyJson(child);
  return copy;
}

class Reader {
  readonly #text: string;
  readonly #exact: boolean;
  readonly #space = /[ \t\n\r]*/y;
  readonly #digits = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
  #at = 0;

  constructor(text: string, exact: boolean) {
    this.#text = text;
    this.#exact = exact;
  }

  value(depth: number): JsonValue {
    if (depth > MaxDepth) throw new JsonMistake(`is nested more than ${MaxDepth} deep`, this.#at);
    this.#skip(this.#space);
    switch (this.#text.charAt(this.#at)) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#list(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  end(): void {
    this.#skip(this.#space);
    if (this.#at < this.#text.length) throw this.#unexpected();
  }

  #object(depth: number): JsonValue {
    const object = Object.create(null) as Record<string, JsonValue>;
    this.#at++;
    if (this.#take('}')) return object;
    do {
      this.#skip(this.#space);
      const start = this.#at;
      if (this.#text[start] !== '"') throw this.#unexpected();
      const name = this.#string();
      if (name in object) throw new JsonMistake('has a name twice in one object', start);
      if (!this.#take(':')) throw this.#unexpected();
      object[name] = this.value(depth + 1);
    } while (this.#take(','));
    if (!this.#take('}')) throw this.#unexpected();
    return object;
  }

  #list(depth: number): JsonValue {
    const list: JsonValue[] = [];
    this.#at++;
    if (this.#take(']')) return list;
    do list.push(this.value(depth + 1));
    while (this.#take(','));
    if (!this.#take(']')) throw this.#unexpected();
    return list;
  }

  #string(): string {
    const start = this.#at;
    const quote = this.#text.indexOf('"', start + 1);
    const plain = this.#text.slice(start + 1, quote);
    if (quote >= 0 && !unusual.test(plain)) {
      this.#at = quote + 1;
      return plain;
    }
    let end = start + 1;
    while (end < this.#text.length && this.#text[end] !== '"') end += this.#text[end] === '\\' ? 2 : 1;
    this.#at = end + 1;
    try {
      return JSON.parse(this.#text.slice(start, end + 1)) as string;
    } catch {
      throw new JsonMistake('holds a string that is none', start);
    }
  }

  #word(word: string, value: boolean | null): JsonValue {
    if (!this.#text.startsWith(word, this.#at)) throw this.#unexpected();
    this.#at += word.length;
    return value;
  }

  #number(): JsonValue {
    const start = this.#at;
    const text = this.#skip(this.#digits);
    if (text === '') throw this.#unexpected();
    const value = Number(text);
    if (!Number.isFinite(value)) throw new JsonMistake('holds a number that is too large', start);
    return this.#exact && text.length > 15 && text.replace(/\D/g, '').length > 15 ? source.rawJSON(text) : value;
  }

  #take(character: string): boolean {
    this.#skip(this.#space);
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #skip(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [text] = pattern.exec(this.#text) ?? [''];
    this.#at += text.length;
    return text;
  }

  #unexpected(): JsonMistake {
    return new JsonMistake(this.#at < this.#text.length ? 'is no JSON' : 'ends too early', this.#at);
  }
}
