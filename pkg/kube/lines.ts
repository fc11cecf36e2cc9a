/** Lines of a stream of bytes, as a watch sends its events. Used by `client.ts`. */
import { Buffer } from 'node:buffer';
import { KubeError } from './api.ts';

/** etcd holds objects of 1.5 MiB; their JSON may be larger. */
const MaxLineBytes = 16 * 1024 * 1024;

/** Without their ends; empty ones are left out, and so is an unfinished last one. @throws KubeError for a line that does not end */
export async function* readLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      waiting.push(chunk.subarray(start, end));
      const line = Buffer.concat(waiting).toString('utf8').trim();
      waiting = [];
      size = 0;
      start = end + 1;
      if (line !== '') yield line;
    }
    if (start === chunk.length) continue;
    waiting.push(chunk.subarray(start));
    size += chunk.length - start;
    if (size > MaxLineBytes) throw new KubeError(`an event is larger than ${MaxLineBytes} bytes`, { code: 0 });
  }
}
