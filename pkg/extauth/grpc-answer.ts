/** What a service says by the message CheckResponse. */
import { Buffer } from 'node:buffer';
import { fieldValue } from '../policy/field-value.ts';
import type { CheckResponse, DeniedHttpResponse, HeaderValueOption } from './ext-authz.ts';
import { isForBackend, isForClient } from './field-names.ts';
import { textOf } from './judged.ts';
import { type Denied, type Field, undecided, type Verdict } from './verdict.ts';

/** HeaderValueOption.HeaderAppendAction. The others are taken for OVERWRITE: what a service names, the backend shall have from nobody else. */
const APPEND = 0;
const OVERWRITE = 2;

const forbidden: Denied = { kind: 'denied', status: 403, headers: {}, cookies: [], body: new Uint8Array() };

export function readCheckResponse(answer: CheckResponse): Verdict {
  const { status, httpResponse: http } = answer;
  // "Status `OK` allows the request. Any other status indicates the request should be denied." An empty message is what is left of a broken one.
  if (status === undefined && http.case === undefined) return undecided;
  if ((status?.code ?? 0) !== 0 || http.case === 'deniedResponse')
    return http.case === 'deniedResponse' ? denied(http.value) : forbidden;
  const ok = http.case === 'okResponse' ? http.value : { headers: [], headersToRemove: [], responseHeadersToAdd: [] };
  const request = changesOf(ok.headers, isForBackend, OVERWRITE);
  const response = changesOf(ok.responseHeadersToAdd, isForClient, APPEND);
  // A field that cannot stand on the wire may be the one that says who is asking.
  if (request === null || response === null) return undecided;
  const remove = ok.headersToRemove.map((name) => name.toLowerCase());
  return {
    kind: 'allowed',
    // "Pseudo headers [...] as well as the header Host, may not be removed [...]. If mentioned in headers_to_remove these special headers will be
    // ignored."
    remove: remove.filter(isForBackend),
    ...request,
    response,
    facts: {
      ...Object.fromEntries(
        [...request.set, ...request.add].map(([name, value]) => [name.toLowerCase(), textOf(value)]),
      ),
      ...answer.dynamicMetadata,
    },
    reusable: response.set.length + response.add.length > 0 ? 0 : Number.POSITIVE_INFINITY,
  };
}

function denied({ status, headers, body }: DeniedHttpResponse): Verdict {
  const changes = changesOf(headers, isForClient, OVERWRITE);
  if (changes === null) return forbidden;
  const lines = [...changes.set, ...changes.add];
  const kept = new Map<string, string>();
  for (const [name, value] of lines) {
    const lower = name.toLowerCase();
    const before = kept.get(lower);
    if (lower !== 'set-cookie') kept.set(lower, before === undefined ? value : `${before}, ${value}`);
  }
  const code = status?.code ?? 0;
  return {
    kind: 'denied',
    // Informational ones are no answers, and numbers beyond are none at all.
    status: code >= 200 && code <= 599 ? code : 403,
    headers: Object.fromEntries(kept),
    cookies: lines.flatMap(([name, value]) => (name.toLowerCase() === 'set-cookie' ? [value] : [])),
    body: Buffer.from(body, 'utf8'),
  };
}

/**
 * @param unsaid what is meant where a field says neither `append` nor an action: its comments differ between requests and responses
 * @returns null if a value cannot stand in a field
 */
function changesOf(
  options: readonly HeaderValueOption[],
  allowed: (name: string) => boolean,
  unsaid: number,
): { readonly set: readonly Field[]; readonly add: readonly Field[] } | null {
  const set: Field[] = [];
  const add: Field[] = [];
  for (const { header, append, appendAction } of options) {
    if (header === undefined) continue;
    const name = header.key;
    const raw = header.rawValue.length > 0 ? Buffer.from(header.rawValue).toString('utf8') : header.value;
    // An empty value says as much as an absent field.
    const value = raw === '' ? '' : fieldValue(raw);
    if (value === null) return null;
    if (!allowed(name.toLowerCase())) continue;
    const said = append === undefined ? appendAction || unsaid : append.value ? APPEND : OVERWRITE;
    (said === APPEND ? add : set).push([name, value]);
  }
  return { set, add };
}
