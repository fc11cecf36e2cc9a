/** Asks an authorization server what it knows of a token (RFC 7662). */
import { Buffer } from 'node:buffer';
import type { FilterEnv } from '../runtime.ts';
import type { IntrospectionConfig } from './introspection-schema.ts';

const MAX_BODY = 64 * 1024;

/** What it answers: an object with `active`, checked no further. */
export type Introspected = Readonly<Record<string, unknown>>;

/** @returns rejects if there is no answer, or none that says anything: what is not known is not decided */
export function createIntrospect(
  { endpoint, clientId, clientSecret, timeout }: IntrospectionConfig,
  env: FilterEnv,
): (token: string) => Promise<Introspected> {
  // RFC 6749 2.3.1: the client identifier and the password are "encoded using the application/x-www-form-urlencoded encoding algorithm".
  const credentials = `${formEncoded(clientId)}:${formEncoded(env.secret(clientSecret).replace(/\r?\n$/, ''))}`;
  const headers = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
    authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
  };

  async function post(body: string): Promise<{ readonly status: number; readonly body: Uint8Array }> {
    const request = { method: 'POST', headers, maxBody: MAX_BODY };
    if (endpoint.kind === 'uri') {
      const { uri: url, authority } = endpoint;
      return env.services.ask({ kind: 'http', question: { ...request, url, authority, body } }, timeout);
    }
    const { cluster, authority, path } = endpoint;
    return env.call({ ...request, cluster, authority, path, body: Buffer.from(body), timeout });
  }

  return async (token) => {
    const { status, body } = await post(`token=${formEncoded(token)}&token_type_hint=access_token`);
    // 401 is about the gateway's own credentials (2.3), and says nothing of the token.
    if (status !== 200) throw new Error(`the introspection endpoint answered ${status}`);
    const answer: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    if (!isObject(answer) || typeof answer['active'] !== 'boolean')
      throw new Error('the introspection endpoint did not say whether the token is active');
    return answer;
  };
}

function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

function isObject(value: unknown): value is Introspected {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
