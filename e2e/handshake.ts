/** A TLS handshake with the gateway: which certificate it showed. */
import { once } from 'node:events';
import { connect } from 'node:tls';

/** @returns SHA-256 fingerprint of what it showed. @throws if it did not complete in 5 s */
export async function handshake(address: string, port: number, servername: string): Promise<string> {
  const socket = connect({ host: address, port, servername, rejectUnauthorized: false });
  socket.setTimeout(5000, () => socket.destroy(new Error(`${servername}: no handshake in 5 s`)));
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerCertificate().fingerprint256;
  } finally {
    socket.destroy();
  }
}
