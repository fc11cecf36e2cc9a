/** A client that makes a new TLS handshake for each request. Used by the scenario of certificate rotation. */
import type { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';

export interface HandshakeOptions {
  readonly port: number;
  readonly servername: string;
  /** PEM of every certificate that may be shown: another one, or a signature by the key of another, fails the handshake. */
  readonly trusted: readonly string[];
  readonly version: 'TLSv1.2' | 'TLSv1.3';
  /** Of an earlier connection of the same client, to be taken up. */
  readonly session: Buffer | null;
  /** Goes into the path; the answer must carry it. */
  readonly id: number;
}

export interface Handshake {
  /** SHA-256 of the certificate whose key the server has proved to have; of the former one if `resumed`. */
  readonly fingerprint: string;
  readonly millis: number;
  /** An earlier session was taken up: no certificate was shown. */
  readonly resumed: boolean;
  /** For the next one; TLS 1.3 sends it behind the handshake. */
  readonly session: Buffer | null;
}

/** Longer than the gateway's own limit for a handshake: the gateway is judged, not this client. */
const Patience = 15_000;

/** One connection, one handshake, one request, whose end the gateway's `Connection: close` is. Rejects with what went wrong. */
export async function shakeHands(options: HandshakeOptions): Promise<Handshake> {
  const began = performance.now();
  const { port, servername, version } = options;
  const socket = connect({
    host: '127.0.0.1',
    port,
    servername,
    ca: [...options.trusted],
    minVersion: version,
    maxVersion: version,
    ...(options.session === null ? {} : { session: options.session }),
  });
  const signal = AbortSignal.timeout(Patience);
  let session: Buffer | null = null;
  socket.on('session', (ticket: Buffer) => (session = ticket));
  try {
    await once(socket, 'secureConnect', { signal });
    const millis = performance.now() - began;
    const fingerprint = socket.getPeerX509Certificate()?.fingerprint256 ?? '';
    const resumed = socket.isSessionReused();
    const answer = await ask(socket, options, signal);
    if (!answer.startsWith('HTTP/1.1 200 ') || !answer.includes(`\r\nX-Id: ${options.id}\r\n`))
      throw new Error(`answered ${JSON.stringify(answer.slice(0, 80))}`);
    return { fingerprint, millis, resumed, session };
  } finally {
    socket.destroy();
  }
}

async function ask(socket: TLSSocket, { servername, id }: HandshakeOptions, signal: AbortSignal): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  socket.write(`GET /t/${id} HTTP/1.1\r\nHost: ${servername}\r\nConnection: close\r\n\r\n`);
  await once(socket, 'end', { signal });
  return text;
}
