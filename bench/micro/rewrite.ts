/** What happens to a request's head between the parser and the upstream socket, and to the response's on its way back. */
import { Buffer } from 'node:buffer';
import { Head, scanRequest, scanResponse } from '../../pkg/http1/head.ts';
import { createSocketClients } from '../../pkg/proxy/client-terms.ts';
import { Peer } from '../../pkg/proxy/peer.ts';
import { Request } from '../../pkg/proxy/request.ts';
import { encodeResponse, Response } from '../../pkg/proxy/response-head.ts';
import type { Connection } from '../../pkg/proxy/transport.ts';
import { canonicalPath, isPlainPath } from '../../pkg/routing/canonical.ts';
import { testSettings } from '../../pkg/testkit/proxy.ts';
import type { Benchmark } from './benchmark.ts';
import { browserHead, programHead, responseHead } from './heads.ts';

const group = 'head';
const settings = testSettings;

/** A request whose head can be set, on a connection of an untrusted client. */
export function createRequest(): { readonly request: Request; readonly read: (bytes: Buffer) => void } {
  const connection: Pick<Connection, 'remoteAddress' | 'localAddress' | 'localPort' | 'tls'> = {
    remoteAddress: '192.0.2.17',
    localAddress: '192.0.2.1',
    localPort: 80,
    tls: null,
  };
  const request = new Request(new Peer(connection as Connection, createSocketClients(undefined, settings), null));
  request.listenerPort = 80;
  const ids = Buffer.alloc(4_096, 'entropy');
  let at = 0;
  // As the proxy does it: hexadecimal of a pool of random bytes.
  const newId = (): string => {
    at = (at + 1) & 2_047;
    return ids.toString('hex', at, at + 16);
  };
  return {
    request,
    read(bytes) {
      request.clear();
      const verdict = request.received.add(bytes, 0, bytes.length, request.head, settings.limits.headerBytes);
      const refusal = verdict === 'complete' ? request.read(settings, newId) : verdict;
      if (refusal !== null) throw new Error(`the request was refused: ${refusal}`);
    },
  };
}

export function rewriteBenchmarks(): readonly Benchmark[] {
  const browser = browserHead('shop-17.example.com', '/orders/1234?expand=lines');
  const program = programHead('shop-17.example.com', '/orders/1234');
  return [
    paths('canonical path, plain', '/orders/1234/lines'),
    paths('canonical path, escapes and dot segments', '/orders/./a%20b/../c%7E/%E2%82%AC'),
    reading('read a head: framing, target, host, client (browser)', browser),
    reading('read a head: framing, target, host, client (program)', program),
    encoding('encode it for upstream with X-Forwarded-* (browser)', browser),
    encoding('encode it for upstream with X-Forwarded-* (program)', program),
    responding('encode the response head', program),
  ];
}

function paths(name: string, path: string): Benchmark {
  if (canonicalPath(path, settings.path) === 'path-invalid') throw new Error(`${path} is refused`);
  return {
    group,
    name,
    run(count) {
      let sum = 0;
      for (let i = 0; i < count; i++) {
        // As the proxy asks.
        if (isPlainPath(path)) sum += path.length;
        else sum += (canonicalPath(path, settings.path) as { readonly canonical: string }).canonical.length;
      }
      return sum;
    },
  };
}

/** Parsing is in it: a head is read once after it was scanned. */
function reading(name: string, bytes: Buffer): Benchmark {
  const { request, read } = createRequest();
  return {
    group,
    name,
    run(count) {
      let sum = 0;
      for (let i = 0; i < count; i++) {
        read(bytes);
        sum += request.path.length + request.host.length;
      }
      return sum;
    },
  };
}

function encoding(name: string, bytes: Buffer): Benchmark {
  const { request, read } = createRequest();
  const out = Buffer.alloc(16_384);
  read(bytes);
  return {
    group,
    name,
    run(count) {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += request.encode(out, 0);
      return sum;
    },
  };
}

function responding(name: string, asked: Buffer): Benchmark {
  const head = new Head();
  const requestHead = new Head();
  scanRequest(asked, 0, asked.length, requestHead);
  const out = Buffer.alloc(16_384);
  const response = new Response();
  const text = new Date(0).toUTCString();
  const date = (): string => text;
  const request = { method: 'GET', head: requestHead };
  return {
    group,
    name,
    run(count) {
      let sum = 0;
      for (let i = 0; i < count; i++) {
        scanResponse(responseHead, 0, responseHead.length, head);
        response.receive(200, responseHead, head, 200, request);
        sum += encodeResponse(response, out, 0, date);
      }
      return sum;
    },
  };
}
