/**
 * Databases in MaxMind's format for tests (MaxMind DB File Format Specification 2.0): a binary tree over the bits of the address, whose
 * leaves point into a section of records, and metadata at the end.
 */
import { Buffer } from 'node:buffer';
import { isIPv4Words } from '../policy/ip-address.ts';
import { parseNetwork } from '../policy/ip-set.ts';

export type MmdbRecord = Readonly<Record<string, unknown>>;

type Child = Node | { readonly record: number } | null;
type Node = [zero: Child, one: Child];

const RecordSize = 32;
/** "The data section separator": "a 16 byte data section separator of nulls". */
const Separator = Buffer.alloc(16);
const Marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');

/** @param networks CIDR → record; the most specific one wins */
export function createMmdb(networks: Readonly<Record<string, MmdbRecord>>): Buffer {
  const root: Node = [null, null];
  const records: Buffer[] = [];
  let size = 0;
  const paths = Object.entries(networks).map(([network, record]) => ({ bits: bitsOf(network), record }));
  // Wide ones first, so that each narrower one splits what is there.
  for (const { bits, record } of paths.sort((a, b) => a.bits.length - b.bits.length)) {
    const bytes = encode(record);
    insert(root, bits, { record: size });
    records.push(bytes);
    size += bytes.length;
  }
  const nodes = listNodes(root);
  const tree = Buffer.alloc((nodes.length * RecordSize) / 4);
  for (const [i, node] of nodes.entries()) {
    for (const side of [0, 1] as const) tree.writeUInt32BE(pointerTo(node[side], nodes), 8 * i + 4 * side);
  }
  const metadata = encode({
    node_count: nodes.length,
    record_size: RecordSize,
    ip_version: 6,
    database_type: 'Test-Country',
    languages: ['en'],
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    description: { en: 'test' },
  });
  return Buffer.concat([tree, Separator, ...records, Marker, metadata]);
}

/** IPv4 stands in the first /96 of the tree, at `::a.b.c.d`. */
function bitsOf(network: string): readonly (0 | 1)[] {
  const range = parseNetwork(network);
  if (range === null) throw new Error(`no network: ${network}`);
  const words = range.first.slice();
  if (isIPv4Words(words)) words[2] = 0;
  const length = Number(network.split('/')[1]) + (network.includes(':') ? 0 : 96);
  return Array.from({ length }, (_, i) => ((words[i >> 5]! >>> (31 - (i % 32))) & 1) as 0 | 1);
}

function insert(root: Node, bits: readonly (0 | 1)[], leaf: { readonly record: number }): void {
  let node = root;
  for (const bit of bits.slice(0, -1)) {
    const next = node[bit];
    node = node[bit] = Array.isArray(next) ? next : [next, next];
  }
  node[bits.at(-1)!] = leaf;
}

function listNodes(root: Node): readonly Node[] {
  const nodes: Node[] = [root];
  for (const node of nodes) for (const child of node) if (Array.isArray(child)) nodes.push(child);
  return nodes;
}

/** A node's number; the number of nodes for "not found"; or beyond it, and the separator, the offset of the record. */
function pointerTo(child: Child, nodes: readonly Node[]): number {
  if (child === null) return nodes.length;
  return Array.isArray(child) ? nodes.indexOf(child) : nodes.length + Separator.length + child.record;
}

function encode(value: unknown): Buffer {
  if (typeof value === 'string') return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), bytes]);
  }
  if (typeof value === 'boolean') return control(14, Number(value));
  if (Array.isArray(value)) return Buffer.concat([control(11, value.length), ...value.map(encode)]);
  const entries = Object.entries(value as MmdbRecord);
  return Buffer.concat([control(7, entries.length), ...entries.flatMap(([key, each]) => [encode(key), encode(each)])]);
}

/** Type and size; types above 7 stand in a byte of their own. */
function control(type: number, size: number): Buffer {
  if (size > 28) throw new Error('the tests need no longer values');
  return Buffer.from(type > 7 ? [size, type - 7] : [(type << 5) | size]);
}

/** As the services thread hands it to the workers. */
export function sharedBytes(bytes: Uint8Array): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  return shared;
}
