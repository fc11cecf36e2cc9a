/** The question `http`: a request of the gateway's own to an absolute URL, for tokens and introspection. */
import { hash } from 'node:crypto';
import type { HttpAnswer, HttpQuestion } from '../../policy/feeds.ts';
import { AskError } from '../ask-error.ts';
import type { Breakers } from '../breakers.ts';
import type { HttpClient } from '../http-client.ts';
import type { SharedAnswers } from './shared-answers.ts';

export interface HttpTools {
  readonly client: Pick<HttpClient, 'request'>;
  readonly breakers: Breakers;
  readonly shared: SharedAnswers<HttpAnswer>;
}

/** @param timeout what the asker waits; @param signal aborted then, or when the asker has gone */
export function askHttp(
  { method, url, headers, body, maxBody, authority, insecure = false, once }: HttpQuestion,
  { timeout, signal }: { readonly timeout: number; readonly signal: AbortSignal },
  { client, breakers, shared }: HttpTools,
): Promise<HttpAnswer> {
  const parsed = URL.parse(url);
  if (parsed === null)
    return Promise.reject(new AskError('url-invalid', 'the URL is not asked: it is no absolute URL'));
  const key = [parsed.origin, timeout, authority === null ? '' : hash('sha256', authority, 'hex')].join(' ');
  const content = body === undefined ? {} : { body };
  const run = (): Promise<HttpAnswer> =>
    breakers.run(key, parsed.host, () =>
      client.request({ method, url, headers, ...content, maxBody, authority, insecure, signal }),
    );
  return once === undefined ? run() : shared.run(`${url} ${once}`, run);
}
