/** One upload at a pace of its own, whose answer must be the digest of what was sent. Used by the scenarios of drain and of memory. */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { setTimeout } from 'node:timers/promises';

export interface UploadOptions {
  readonly port: number;
  readonly id: number;
  readonly pieces: number;
  readonly pieceBytes: number;
  /** Milliseconds between two pieces. */
  readonly pause: number;
  readonly chunked: boolean;
}

/** Never rejects. @returns null if the origin has received every byte, otherwise what went wrong */
export async function upload({ port, id, pieces, pieceBytes, pause, chunked }: UploadOptions): Promise<string | null> {
  const outgoing = request({
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: `/upload/${id}`,
    agent: false,
    headers: { host: 'a.example.com', ...(chunked ? {} : { 'content-length': pieces * pieceBytes }) },
  });
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const digest = createHash('sha256');
  const digestSent = Promise.withResolvers<string>();
  outgoing.on('error', (error) => resolve(String(error)));
  outgoing.on('response', (response) => {
    let body = '';
    response.setEncoding('utf8').on('data', (text: string) => (body += text));
    response.on('error', (error) => resolve(String(error)));
    response.on('end', () => {
      if (response.statusCode !== 200) resolve(`status ${response.statusCode} ${body.slice(0, 80)}`);
      else void digestSent.promise.then((sent) => resolve(body === sent ? null : 'other bytes arrived than were sent'));
    });
  });
  for (let i = 0; i < pieces && !outgoing.destroyed; i++) {
    const piece = Buffer.alloc(pieceBytes, `${id}.${i} `);
    digest.update(piece);
    outgoing.write(piece);
    await setTimeout(pause);
  }
  digestSent.resolve(digest.digest('hex'));
  outgoing.end();
  return promise;
}
