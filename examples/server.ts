/** What an example may have beside its manifests: a `server.ts` whose `startServer` starts what they name on port 3003 (`make run EXAMPLE=…`, and the tests). */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ExampleServer {
  readonly port: number;
  close(): Promise<void>;
}

/** @param port 0 lets the system choose */
export async function listen(server: Server, port: number): Promise<ExampleServer> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
