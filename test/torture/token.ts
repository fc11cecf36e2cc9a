/** The bytes that belong to one request id: what a client sends and expects back, so that an answer for another request is seen. */
import { Buffer } from 'node:buffer';

/** Every so many ids one is large enough to come in several reads. */
const LargeEvery = 64;
const LargeBytes = 65_536;

/** 100 to 300 bytes, or 64 KiB, of the id again and again. */
export function bodyOf(id: number): Buffer {
  return Buffer.alloc(id % LargeEvery === 0 ? LargeBytes : 100 + (id % 200), `${id} `, 'latin1');
}

/** The id is the last segment of the path. @returns -1 if there is none */
export function idOf(path: string): number {
  const text = path.slice(path.lastIndexOf('/') + 1);
  return /^\d+$/.test(text) ? Number(text) : -1;
}
