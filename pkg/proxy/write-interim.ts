/** What goes to the client before a final response, or instead of one: 1xx. Used by `forward.ts`. */
import type { Buffer } from 'node:buffer';
import type { Head } from '../http1/head.ts';
import type { ActiveExchange } from './exchange.ts';
import type { Connection } from './transport.ts';
import { Tunnel } from './upgrade.ts';

/** 1xx other than 101. */
export function writeInterim(exchange: ActiveExchange, status: number, bytes: Buffer, head: Head): void {
  const { core, downstream, request, response, writer } = exchange;
  // RFC 9110 15.2: "a server MUST NOT send a 1xx response to an HTTP/1.0 client".
  if (request.head.minor === 0 || (status === 100 && !request.expectsContinue)) return;
  response.receiveInterim(status, bytes, head);
  writer.head(response, core.httpDate);
  writer.flush();
  if (writer.slow) downstream!.onSlow();
}

/** 101: from here on bytes go both ways until one side ends. */
export function beginTunnel(
  exchange: ActiveExchange,
  bytes: Buffer,
  head: Head,
  upstream: Connection,
  early: Buffer | null,
): void {
  const { core, downstream, request, response, writer } = exchange;
  response.receiveInterim(101, bytes, head);
  response.upgrade = response.headers.get('upgrade') ?? request.upgrade;
  exchange.responseStarted = true;
  writer.head(response, core.httpDate);
  writer.flush();
  new Tunnel(exchange, downstream!, upstream).open(early);
}
