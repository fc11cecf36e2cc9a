/** POSIX ustar archives in memory: equal input gives equal bytes. Used by `oci.ts`. */
import { Buffer } from 'node:buffer';

export interface TarEntry {
  /** Relative, without a leading or trailing slash. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link';
  /** Permission bits: `0o755`. */
  readonly mode: number;
  /** Of a file. */
  readonly content?: Buffer;
  /** Where a link leads. */
  readonly target?: string;
  /** Owner and group; default 0. */
  readonly owner?: number;
}

const Block = 512;
const typeFlags = { file: '0', link: '2', folder: '5' } as const;

/** In the order given; times are zero. @throws for a path or link that ustar cannot hold */
export function packTar(entries: readonly TarEntry[]): Buffer {
  const parts: Buffer[] = [];
  for (const entry of entries) {
    const content = entry.content ?? Buffer.alloc(0);
    parts.push(header(entry, content.length), content, Buffer.alloc(-content.length & (Block - 1)));
  }
  parts.push(Buffer.alloc(2 * Block));
  return Buffer.concat(parts);
}

function header({ path, kind, mode, target = '', owner = 0 }: TarEntry, size: number): Buffer {
  const bytes = Buffer.alloc(Block);
  const [prefix, name] = split(kind === 'folder' ? `${path}/` : path);
  if (Buffer.byteLength(target) > 100) throw new Error(`tar: the target of ${path} is longer than 100 bytes`);
  bytes.write(name, 0);
  octal(bytes, mode, 100, 8);
  octal(bytes, owner, 108, 8);
  octal(bytes, owner, 116, 8);
  octal(bytes, size, 124, 12);
  octal(bytes, 0, 136, 12);
  bytes.fill(' ', 148, 156);
  bytes.write(typeFlags[kind], 156);
  bytes.write(target, 157);
  bytes.write('ustar\u000000', 257, 'latin1');
  bytes.write(prefix, 345);
  let sum = 0;
  for (const byte of bytes) sum += byte;
  bytes.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148, 'latin1');
  return bytes;
}

/** A name has 100 bytes, and 155 more for the folders before it. */
function split(path: string): readonly [prefix: string, name: string] {
  if (Buffer.byteLength(path) <= 100) return ['', path];
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    const name = path.slice(slash + 1);
    if (slash <= 155 && name !== '' && Buffer.byteLength(name) <= 100) return [path.slice(0, slash), name];
  }
  throw new Error(`tar: ${path} is too long`);
}

function octal(bytes: Buffer, value: number, offset: number, length: number): void {
  bytes.write(value.toString(8).padStart(length - 1, '0'), offset, 'latin1');
}
