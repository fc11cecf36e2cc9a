/** What a service says by its answer over HTTP. */
import type { CallResponse } from '../policy/runtime.ts';
import type { HttpService } from './config.ts';
import { isForBackend, isForBackendUnasked, isForClient } from './field-names.ts';
import { textOf } from './judged.ts';
import { type Allowed, type Denied, type Field, undecided, type Verdict } from './verdict.ts';

type Headers = CallResponse['headers'];

export function createReadAnswer(service: HttpService): (answer: CallResponse) => Verdict {
  const { passes, refusals } = service;
  return ({ status, headers, body }) => {
    if (passes === 'Only200' ? status === 200 : status >= 200 && status < 300) return allowed(service, headers);
    // HTTPExternalAuthFilter.protocol: "each backend must respond with a `200` status code in on a successful authorization. Any other code is
    // considered an authorization failure." As an answer to the client another success would look like one.
    if (status >= 200 && status < 300) return denied(403, new Map(), new Uint8Array());
    // Never followed: who follows it is the client, and where it leads is the service's to say.
    const redirect = [301, 302, 303, 307, 308].includes(status) && headers.has('location');
    const refused = status === 401 || status === 403 || (refusals === 'Any4xx' && status >= 400 && status < 500);
    return redirect || refused ? denied(status, headers, body) : undecided;
  };
}

function allowed({ responseHeaders }: HttpService, headers: Headers): Allowed {
  const set: Field[] = [];
  if (responseHeaders === null) {
    for (const [name, values] of headers) if (isForBackendUnasked(name)) set.push([name, values.join(', ')]);
  } else
    for (const header of responseHeaders) {
      const values = headers.get(header.toLowerCase());
      if (values !== undefined && isForBackend(header.toLowerCase())) set.push([header, values.join(', ')]);
    }
  const cookies = headers.get('set-cookie') ?? [];
  return {
    kind: 'allowed',
    remove: responseHeaders ?? [],
    set,
    add: [],
    response: { set: [], add: cookies.map((cookie) => ['Set-Cookie', cookie]) },
    facts: Object.fromEntries([...headers].map(([name, values]) => [name, textOf(values.join(', '))])),
    // As nginx caches: not what sets a cookie, which is for one client at one time.
    reusable: cookies.length > 0 ? 0 : freshness(headers.get('cache-control')?.join(',') ?? ''),
  };
}

function denied(status: number, headers: Headers, body: Uint8Array): Denied {
  const kept = [...headers].filter(([name]) => name !== 'set-cookie' && isForClient(name));
  return {
    kind: 'denied',
    status,
    headers: Object.fromEntries(kept.map(([name, values]) => [name, values.join(', ')])),
    cookies: headers.get('set-cookie') ?? [],
    body,
  };
}

/** @returns milliseconds that Cache-Control allows; Infinity if it says nothing */
function freshness(control: string): number {
  const directives = control.toLowerCase();
  if (/(?:^|[,\s])(?:no-store|no-cache|private)(?:[,\s=]|$)/.test(directives)) return 0;
  const age = /(?:^|[,\s])(?:s-maxage|max-age)\s*=\s*"?(\d{1,9})/.exec(directives)?.[1];
  return age === undefined ? Number.POSITIVE_INFINITY : Number(age) * 1000;
}
