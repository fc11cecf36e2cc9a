/** JSON documents that providers publish: one fetch in flight per place, however many feeds want it. */
import type { ClusterPlace } from '../../policy/feeds.ts';
import type { CallCluster } from '../feed.ts';
import type { HttpClient } from '../http-client.ts';
import { createSingleFlight } from '../single-flight.ts';

export interface DocumentRequest {
  readonly url: string;
  readonly authority: string | null;
  readonly insecure: boolean;
}

/** Rejects with an Error whose message says why. */
export type LoadDocument = (request: DocumentRequest, signal: AbortSignal) => Promise<unknown>;

export interface Documents {
  readonly load: LoadDocument;
  /** @param timeout milliseconds @param call of the feed that wants it */
  readonly fromCluster: (
    place: ClusterPlace,
    timeout: number,
    call: CallCluster,
    signal: AbortSignal,
  ) => Promise<unknown>;
}

const MaxBytes = 1_048_576;
const headers = { accept: 'application/json' };

export function createDocuments({ request }: Pick<HttpClient, 'request'>): Documents {
  const once = createSingleFlight<unknown>();

  async function load({ url, authority, insecure }: DocumentRequest, signal: AbortSignal): Promise<unknown> {
    const answer = await request({ method: 'GET', url, headers, maxBody: MaxBytes, authority, insecure, signal });
    const { host, pathname } = new URL(url);
    return documentOf(answer, `${host}${pathname}`);
  }

  return {
    load: (wanted, signal) =>
      once(JSON.stringify([wanted.url, wanted.authority, wanted.insecure]), () => load(wanted, signal)),
    fromCluster: ({ cluster, authority, path }, timeout, call, signal) =>
      once(JSON.stringify([cluster, authority, path]), async () => {
        const answer = await call(
          { cluster, method: 'GET', path, authority, headers, timeout, maxBody: MaxBytes },
          signal,
        );
        return documentOf(answer, `${cluster}${path.split('?', 1)[0]}`);
      }),
  };
}

/** @param name never with the query, which may hold a secret: this ends up in logs */
function documentOf({ status, body }: { readonly status: number; readonly body: Uint8Array }, name: string): unknown {
  if (status >= 300 && status < 400)
    throw new Error(`${name} answers ${status}; redirects are not followed: name the URL it leads to`);
  if (status !== 200) throw new Error(`${name} answers ${status}`);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new Error(`${name} answers what is not JSON`);
  }
}
