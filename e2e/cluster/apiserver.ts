/** The few questions that starting a cluster asks its API server; from inside the namespaces, as its administrator. */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { clusterNode, type Layout } from './layout.ts';

/** @returns the body of a 200, undefined for any other answer or none */
export function askApiServer(at: Layout, path: string): Promise<string | undefined> {
  const key = (file: string): Buffer => readFileSync(join(at.keys, file));
  return new Promise((resolve) => {
    const outgoing = request(
      {
        host: clusterNode(1).address,
        port: 6443,
        path,
        ca: key('ca.crt'),
        cert: key('admin.crt'),
        key: key('admin.key'),
        agent: false,
        timeout: 2000,
      },
      (response) => {
        text(response).then(
          (body) => resolve(response.statusCode === 200 ? body : undefined),
          () => resolve(undefined),
        );
      },
    );
    outgoing.on('error', () => resolve(undefined));
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.end();
  });
}
