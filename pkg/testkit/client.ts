/** A client that sends exactly the bytes a test gives it, and reads the answers strictly. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { RawStream } from './stream.ts';

/** @param host the address to dial */
export async function openClient(port: number, host = '127.0.0.1'): Promise<RawStream> {
  const socket = connect({ port, host, noDelay: true, allowHalfOpen: true });
  const stream = new RawStream(socket);
  await once(socket, 'connect');
  return stream;
}

/** Rejects if the handshake fails. Certificates are not checked unless `options` says so. */
export async function openTlsClient(port: number, options: ConnectionOptions = {}): Promise<RawStream> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  const stream = new RawStream(socket);
  await once(socket, 'secureConnect');
  return stream;
}
