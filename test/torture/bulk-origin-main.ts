/**
 * An origin that costs as little as possible, for a million requests: reads what a gateway sends, one request at a time on a connection, and
 * answers 200 bytes, or 64 KiB where the path begins with /large. Started by `bulk-origin.ts`; tells its port as its first line.
 */
import { Buffer } from 'node:buffer';
import { type AddressInfo, createServer, type Socket } from 'node:net';

const small = answer(200);
const large = answer(65_536);

function answer(length: number): Buffer {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.alloc(length, 'memory is flat ')]);
}

const server = createServer({ noDelay: true }, (socket) => {
  let held: Buffer = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes: Buffer) => {
    held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
    for (let end = endOf(held); end > 0; end = endOf(held)) {
      reply(socket, held);
      held = held.subarray(end);
    }
  });
});

/** Where the first request ends; 0: not here yet. */
function endOf(bytes: Buffer): number {
  const body = bytes.indexOf('\r\n\r\n') + 4;
  if (body < 4) return 0;
  // G and H: neither GET nor HEAD has a body in this load.
  if (bytes[0] === 71 || bytes[0] === 72) return body;
  const head = bytes.toString('latin1', 0, body);
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head);
  if (length !== null) return bytes.length >= body + Number(length[1]) ? body + Number(length[1]) : 0;
  // Bodies of this load hold no CR.
  const last = bytes.indexOf('\r\n0\r\n\r\n', body - 2);
  return last < 0 ? 0 : last + 7;
}

function reply(socket: Socket, request: Buffer): void {
  const path = request.indexOf(' ') + 1;
  const bytes = request.toString('latin1', path, path + 6) === '/large' ? large : small;
  socket.write(request[0] === 72 ? bytes.subarray(0, bytes.indexOf('\r\n\r\n') + 4) : bytes);
}

server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
// Whoever started it is gone.
process.stdin.resume().on('end', () => process.exit(0));
