/**
 * The fast transport: TCP and pipe handles of the runtime driven directly. Every connection reads into one shared buffer, and a write is tried
 * at once with a request object that is used again. 14.7 µs of CPU per small proxied request, where sockets by the documented API need 16 to 19.
 *
 * `process.binding` is undocumented: `transport-selftest.ts` decides at start whether it may be used. Only this file, the connection it opens
 * (`handle-connection.ts`) and the types of the handles (`transport-binding.ts`) know it.
 */
import { isIPv6 } from 'node:net';
import { getSystemErrorMessage, getSystemErrorName } from 'node:util';
import { HandleConnection, Loop } from './handle-connection.ts';
import type { Timers } from './timers.ts';
import {
  type Connection,
  type ConnectOptions,
  KeepAliveMs,
  type ListenOptions,
  type Transport,
  type TransportServer,
} from './transport.ts';
import { loadBindings, type SocketName, type TcpHandle } from './transport-binding.ts';
import { ConnectTimeout, createSocketTransport, plainAddress } from './transport-socket.ts';

/** On Linux an accepted socket has the options of the one that listened: five system calls less per connection. */
const Inherits = process.platform === 'linux';

/** Throws where the runtime does not give the handles away. */
export function createHandleTransport(timers: Timers): Transport {
  const loop = new Loop(loadBindings(), timers);
  const sockets = createSocketTransport(timers);
  return {
    name: 'handle',
    adopt: (socket) => sockets.adopt(socket),
    connect: (options, onConnect) => connect(loop, options, onConnect),
    listen: async (options, onConnection) => listen(loop, options, onConnection),
  };
}

function connect(
  loop: Loop,
  { host, port, timeout }: ConnectOptions,
  onConnect: (connection: Connection | null, error: string | null) => void,
): void {
  const { timers } = loop;
  const { tcp, pipe } = loop.bindings;
  const unix = host.startsWith('/');
  const handle = unix ? new pipe.Pipe(tcp.constants.SOCKET) : new tcp.TCP(tcp.constants.SOCKET);
  const request = unix ? new pipe.PipeConnectWrap() : new tcp.TCPConnectWrap();
  const timer = new ConnectTimeout(() => finish('ETIMEDOUT'));
  let finished = false;
  const finish = (error: string | null): void => {
    if (finished) return;
    finished = true;
    timers.cancel(timer);
    if (error !== null) {
      handle.close();
      onConnect(null, error);
      return;
    }
    if (!unix) tune(handle as TcpHandle);
    const connection = new HandleConnection(loop, handle, false, host, port);
    onConnect(connection, null);
    connection.start();
  };
  request.oncomplete = (status) => finish(status < 0 ? getSystemErrorName(status) : null);
  timers.schedule(timer, timeout);
  const failed =
    (unix
      ? handle.connect(request, host)
      : isIPv6(host)
        ? (handle as TcpHandle).connect6(request, host, port)
        : handle.connect(request, host, port)) ?? 0;
  if (failed !== 0) process.nextTick(finish, getSystemErrorName(failed));
}

function listen(loop: Loop, options: ListenOptions, onConnection: (connection: Connection) => void): TransportServer {
  const { TCP, constants } = loop.bindings.tcp;
  const { address, port, backlog } = options;
  const flags = options.reusePort ? constants.UV_TCP_REUSEPORT : 0;
  let handle = new TCP(constants.SERVER);
  const any = address === '*';
  let error =
    any || isIPv6(address) ? handle.bind6(any ? '::' : address, port, flags) : handle.bind(address, port, flags);
  if (any && ['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL'].includes(error === 0 ? '' : getSystemErrorName(error))) {
    // No IPv6 on this machine.
    handle.close();
    handle = new TCP(constants.SERVER);
    error = handle.bind('0.0.0.0', port, flags);
  }
  handle.onconnection = (status, accepted) => {
    if (status < 0 || accepted === undefined) return;
    const peer: SocketName = {};
    // Fails when the client is gone already; reading will tell.
    accepted.getpeername(peer);
    if (!Inherits) tune(accepted);
    const connection = new HandleConnection(loop, accepted, true, plainAddress(peer.address ?? ''), peer.port ?? 0);
    onConnection(connection);
    connection.start();
  };
  if (error === 0 && Inherits) tune(handle);
  if (error === 0) error = handle.listen(backlog);
  if (error !== 0) {
    handle.close();
    const code = getSystemErrorName(error);
    throw Object.assign(new Error(`${code}: ${getSystemErrorMessage(error)} ${any ? '::' : address}:${port}`), {
      code,
    });
  }
  const name: SocketName = {};
  handle.getsockname(name);
  return { port: name.port ?? 0, close: () => new Promise((resolve) => handle.close(() => resolve())) };
}

function tune(handle: TcpHandle): void {
  handle.setNoDelay(true);
  handle.setKeepAlive(true, KeepAliveMs / 1000);
}
