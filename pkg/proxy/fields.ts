/** The header fields of one message, as filters see and edit them. Edits are recorded and applied while encoding; bytes nobody touched are copied. */
import { Buffer } from 'node:buffer';
import { type Head, MaxFields } from '../http1/head.ts';
import { checkField } from '../policy/field-syntax.ts';
import { lengthBit, type PreparedFields } from '../policy/prepared-fields.ts';
import type { HeaderView } from '../policy/runtime.ts';

const Empty = Buffer.alloc(0);
/** The name in lower case. */
export type FieldLine = readonly [name: string, value: string];

/** Base fields are offsets into received bytes; on top are removals and additions. One instance per exchange and direction, refilled. */
export class Fields implements HeaderView {
  bytes: Buffer = Empty;
  /** null for a message that the gateway makes itself. */
  head: Head | null = null;
  /** 1 where base field i is removed. */
  readonly removed = new Uint8Array(MaxFields);
  /** Whether `removed` holds a 1. */
  hasRemoved = false;
  /** Added fields, beside each other; `lower` is what look-ups compare. */
  readonly names: string[] = [];
  readonly lower: string[] = [];
  readonly values: string[] = [];
  /** Added as well, as bytes. Whoever asks for one of their names finds them unfolded into the fields above. */
  readonly blocks: PreparedFields[] = [];
  /** Base fields with these Known ids are not there: what the proxy has taken out or makes itself. null hides nothing. */
  hidden: Uint8Array | null = null;

  /** Starts over with what was received. */
  reset(bytes: Buffer, head: Head | null, hidden: Uint8Array | null): void {
    this.bytes = bytes;
    this.head = head;
    this.hidden = hidden;
    if (this.hasRemoved) this.removed.fill(0);
    this.hasRemoved = false;
    // Not `length = 0`, which lets go of the memory that the next message needs again.
    while (this.names.length > 0) {
      this.names.pop();
      this.lower.pop();
      this.values.pop();
    }
    while (this.blocks.length > 0) this.blocks.pop();
  }

  /** Lets go of the buffers of the last message. */
  clear(): void {
    this.reset(Empty, null, null);
  }

  get(name: string): string | undefined {
    if (this.blocks.length > 0) this.unfold(name);
    let value: string | undefined;
    const { head, lower } = this;
    if (head !== null) {
      for (let i = 0; i < head.count; i++) {
        if (this.isField(head, i, name)) value = join(name, value, this.valueAt(head, i));
      }
    }
    for (let i = 0; i < lower.length; i++) if (lower[i] === name) value = join(name, value, this.values[i]!);
    return value;
  }

  has(name: string): boolean {
    if (this.blocks.length > 0) this.unfold(name);
    const { head } = this;
    if (head !== null) for (let i = 0; i < head.count; i++) if (this.isField(head, i, name)) return true;
    return this.lower.includes(name);
  }

  set(name: string, value: string): void {
    const lower = checkField(name, value);
    this.drop(lower);
    this.push(name, lower, value);
  }

  add(name: string, value: string): void {
    this.push(name, checkField(name, value), value);
  }

  remove(name: string): void {
    this.drop(name.toLowerCase());
  }

  setAll(fields: PreparedFields): void {
    const { head } = this;
    if (head !== null) {
      for (let i = 0; i < head.count; i++) {
        if (!this.isOneOf(head, i, fields)) continue;
        this.removed[i] = 1;
        this.hasRemoved = true;
      }
    }
    // Rarely any, and rarely the same.
    if (this.lower.length > 0 || this.blocks.length > 0) for (const name of fields.lower) this.drop(name);
    this.blocks.push(fields);
  }

  fillIn(fields: PreparedFields): void {
    if (!this.holdsAny(fields)) {
      this.blocks.push(fields);
      return;
    }
    const { names, lower, values } = fields;
    for (let i = 0; i < lower.length; i++) if (!this.has(lower[i]!)) this.push(names[i]!, lower[i]!, values[i]!);
  }

  protected drop(lower: string): void {
    if (this.blocks.length > 0) this.unfold(lower);
    const { head } = this;
    if (head !== null) {
      for (let i = 0; i < head.count; i++) {
        if (!this.isField(head, i, lower)) continue;
        this.removed[i] = 1;
        this.hasRemoved = true;
      }
    }
    for (let i = this.lower.length - 1; i >= 0; i--) {
      if (this.lower[i] !== lower) continue;
      this.names.splice(i, 1);
      this.lower.splice(i, 1);
      this.values.splice(i, 1);
    }
  }

  /** Every field, as look-ups find it. */
  lines(): FieldLine[] {
    while (this.blocks.length > 0) this.take(this.blocks.pop()!);
    const lines: FieldLine[] = [];
    const { head } = this;
    if (head !== null) {
      for (let i = 0; i < head.count; i++) {
        if (this.removed[i] === 1 || (this.hidden !== null && this.hidden[head.known[i]!] === 1)) continue;
        const name = this.bytes.toString('latin1', head.fields[4 * i], head.fields[4 * i + 1]);
        lines.push([name.toLowerCase(), this.valueAt(head, i)]);
      }
    }
    for (let i = 0; i < this.lower.length; i++) lines.push([this.lower[i]!, this.values[i]!]);
    return lines;
  }

  /** Value of base field i. */
  valueAt(head: Head, i: number): string {
    return this.bytes.toString('latin1', head.fields[4 * i + 2], head.fields[4 * i + 3]);
  }

  /** Bytes that the additions take on the wire, at most. */
  addedLength(): number {
    let length = 0;
    for (let i = 0; i < this.blocks.length; i++) length += this.blocks[i]!.bytes.length;
    for (let i = 0; i < this.names.length; i++) length += this.names[i]!.length + this.values[i]!.length + 4;
    return length;
  }

  private push(name: string, lower: string, value: string): void {
    // Lines of one name stand in the order in which they came.
    if (this.blocks.length > 0) this.unfold(lower);
    this.names.push(name);
    this.lower.push(lower);
    this.values.push(value);
  }

  /** Makes ordinary fields of the blocks that have the name. */
  private unfold(lower: string): void {
    for (let i = this.blocks.length - 1; i >= 0; i--) {
      const block = this.blocks[i]!;
      if ((block.lengths & lengthBit(lower.length)) === 0 || !block.lower.includes(lower)) continue;
      this.blocks.splice(i, 1);
      this.take(block);
    }
  }

  private take({ names, lower, values }: PreparedFields): void {
    this.names.push(...names);
    this.lower.push(...lower);
    this.values.push(...values);
  }

  private holdsAny(fields: PreparedFields): boolean {
    const { blocks, head, lower } = this;
    if (head !== null) for (let i = 0; i < head.count; i++) if (this.isOneOf(head, i, fields)) return true;
    for (let i = 0; i < lower.length; i++) if (fields.lower.includes(lower[i]!)) return true;
    return blocks.some((block) => block.lower.some((name) => fields.lower.includes(name)));
  }

  private isOneOf(head: Head, i: number, { lengths, lower }: PreparedFields): boolean {
    const length = head.fields[4 * i + 1]! - head.fields[4 * i]!;
    if ((lengths & lengthBit(length)) === 0) return false;
    for (let k = 0; k < lower.length; k++) {
      const name = lower[k]!;
      if (name.length === length && this.isField(head, i, name)) return true;
    }
    return false;
  }

  private isField(head: Head, i: number, lower: string): boolean {
    return (
      this.removed[i] === 0 &&
      (this.hidden === null || this.hidden[head.known[i]!] === 0) &&
      equalsName(this.bytes, head.fields[4 * i]!, head.fields[4 * i + 1]!, lower)
    );
  }
}

/** Whether `bytes[start, end)` spell `lower`, letters in any case. */
export function equalsName(bytes: Uint8Array, start: number, end: number, lower: string): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    let byte = bytes[start + i]!;
    if (byte >= 65 && byte <= 90) byte |= 32;
    if (byte !== lower.charCodeAt(i)) return false;
  }
  return true;
}

// RFC 9110 5.3: several lines of one name mean the same as one line, joined by commas. Cookie is the exception (RFC 6265 5.4).
function join(name: string, before: string | undefined, value: string): string {
  if (before === undefined) return value;
  return before + (name === 'cookie' ? '; ' : ', ') + value;
}
