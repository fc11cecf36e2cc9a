/** JSON documents that providers publish: one fetch in flight per URL, however many feeds want it. */
import type { HttpClient } from '../http-client.ts';

export interface DocumentRequest {
  readonly url: string;
  readonly authority: string | null;
  readonly insecure: boolean;
}

/** Rejects with an Error whose message says why. */
export type LoadDocument = (request: DocumentRequest, signal: AbortSignal) => Promise<unknown>;

const MaxBytes = 1_048_576;

export function createDocuments({ request }: Pick<HttpClient, 'request'>): LoadDocument {
  const inFlight = new Map<string, Promise<unknown>>();

  async function load({ url, authority, insecure }: DocumentRequest, signal: AbortSignal): Promise<unknown> {
    const headers = { accept: 'application/json' };
    const answer = await request({ method: 'GET', url, headers, maxBody: MaxBytes, authority, insecure, signal });
    // Not the whole URL: its query may hold a secret, and this ends up in logs.
    const { host, pathname } = new URL(url);
    const name = `${host}${pathname}`;
    if (answer.status >= 300 && answer.status < 400)
      throw new Error(`${name} answers ${answer.status}; redirects are not followed: name the URL it leads to`);
    if (answer.status !== 200) throw new Error(`${name} answers ${answer.status}`);
    try {
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(answer.body));
    } catch {
      throw new Error(`${name} answers what is not JSON`);
    }
  }

  return (wanted, signal) => {
    const key = JSON.stringify([wanted.url, wanted.authority, wanted.insecure]);
    const known = inFlight.get(key);
    if (known !== undefined) return known;
    const loading = load(wanted, signal).finally(() => inFlight.delete(key));
    inFlight.set(key, loading);
    return loading;
  };
}
