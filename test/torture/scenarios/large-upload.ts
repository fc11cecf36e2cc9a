/**
 * Two gigabytes are sent as fast as they are taken, to an origin that reads slowly and sometimes not at all, once with a length and once in chunks.
 *
 * A correct proxy saves everything here: it reads from the client no faster than the origin reads, so its memory stands still, and every byte
 * arrives in its place.
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { TestGateway } from '../../../pkg/testkit/gateway.ts';
import { send } from '../../examples/request.ts';
import { baseManifests, routeManifest } from '../../features/folder.ts';
import { MiB, residentBytes, watchResident } from '../resident.ts';
import type { Row, Scale, Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

/** What the gateway may grow by, whatever the size of the body. */
const Allowed = 48 * MiB;
const Piece = 256 * 1024;

export const largeUpload: Scenario = {
  name: 'large-upload',
  title: 'an upload of two gigabytes to a slow reader',
  run,
};

async function run(stage: Stage, scale: Scale): Promise<readonly Row[]> {
  const pieces = (scale === 'full' ? 2048 * MiB : 96 * MiB) / Piece;
  const server = createServer({ requestTimeout: 0 }, (message, response) => void readSlowly(message, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stage.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const folder = await stage.folder({
    'base.yaml': baseManifests({ one: (server.address() as AddressInfo).port }),
    'route.yaml': routeManifest('one', '[{ backendRefs: [{ name: one, port: 8080 }] }]'),
  });
  const gateway = await stage.gateway(folder, { workers: 1 });
  const url = new URL('http://a.example.com/');
  // Code is compiled and buffers are made before memory is compared.
  for (let i = 0; i < 50; i++) await send(url, gateway.port(80), { method: 'POST' });
  await upload(gateway, 64, false);
  return [await play(gateway, pieces, false), await play(gateway, scale === 'full' ? pieces / 4 : pieces, true)];
}

async function play(gateway: TestGateway, pieces: number, chunked: boolean): Promise<Row> {
  const before = await residentBytes(gateway);
  const memory = watchResident(gateway);
  const from = performance.now();
  const failure = await upload(gateway, pieces, chunked).finally(() => memory.stop());
  const seconds = (performance.now() - from) / 1000;
  const growth = memory.most - before;
  const size = (pieces * Piece) / MiB;
  return {
    part: chunked ? 'chunked' : 'with a length',
    sent: 1,
    failed: failure === null ? 0 : 1,
    p99Millis: null,
    recoverMillis: null,
    missed: [
      ...(failure === null ? [] : [failure]),
      ...(growth <= Allowed ? [] : [`memory grew by ${(growth / MiB).toFixed(0)} MiB`]),
    ],
    notes: `${size} MiB in ${seconds.toFixed(1)} s, SHA-256 equal on both ends; memory ${(before / MiB).toFixed(0)} MiB before, ${(growth / MiB).toFixed(1)} MiB more at most`,
  };
}

/** @returns null if the origin got exactly what was sent */
async function upload(gateway: TestGateway, pieces: number, chunked: boolean): Promise<string | null> {
  const headers = { host: 'a.example.com', ...(chunked ? {} : { 'content-length': pieces * Piece }) };
  const options = { host: '127.0.0.1', port: gateway.port(80), method: 'POST', path: '/large', agent: false, headers };
  const outgoing = request(options);
  const answered = new Promise<string>((resolve) => {
    outgoing.on('error', (error) => resolve(String(error)));
    outgoing.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('error', (error) => resolve(String(error)));
      response.on('end', () => resolve(`${response.statusCode} ${body}`));
    });
  });
  const digest = createHash('sha256');
  // Each piece differs from the others, so that one that is lost, doubled or moved is seen.
  const piece = Buffer.alloc(Piece, 'a piece of a large body, ');
  for (let i = 0; i < pieces && !outgoing.destroyed; i++) {
    const own = Buffer.from(piece);
    own.writeUInt32BE(i, i % (Piece - 4));
    digest.update(own);
    if (!outgoing.write(own)) await Promise.race([once(outgoing, 'drain'), answered]);
  }
  outgoing.end();
  const answer = await answered;
  return answer === `200 ${digest.digest('hex')}` ? null : `the origin answered ${answer.slice(0, 100)}`;
}

/** Pauses of 5 ms, and now and then of a third of a second, in which every buffer on the way is full. */
async function readSlowly(message: IncomingMessage, response: ServerResponse): Promise<void> {
  const digest = createHash('sha256');
  let received = 0;
  let rest = 0;
  message.on('error', () => undefined);
  for await (const chunk of message as AsyncIterable<Buffer>) {
    digest.update(chunk);
    received += chunk.length;
    if (Math.floor(received / (2 * MiB)) === rest) continue;
    rest = Math.floor(received / (2 * MiB));
    await setTimeout(rest % 128 === 24 ? 333 : 5);
  }
  const text = digest.digest('hex');
  response.writeHead(200, { 'content-length': text.length }).end(text);
}
