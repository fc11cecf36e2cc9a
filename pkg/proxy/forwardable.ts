/** What a filter may make of a request: anything else is a bug of the filter, and throws. */

// RFC 3986 3.4, as strict as http1/target.ts: visible ASCII without `#`.
const queryForm = /^(?:\?[\x21\x22\x24-\x7e]*)?$/;
const hostForm = /^[\w.~:[\]-]+$/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const fixed = /^(?:HEAD|CONNECT|TRACE)$/;

export function checkHost(authority: string): void {
  if (!hostForm.test(authority))
    throw new RangeError(`a filter made the host ${JSON.stringify(authority)}, which is none`);
}

export function checkQuery(query: string): void {
  if (!queryForm.test(query)) throw new RangeError(`a filter made the query ${JSON.stringify(query)}, which is none`);
}

/** @param received what the client sent */
export function checkMethod(method: string, received: string): void {
  if (!token.test(method)) throw new RangeError(`${JSON.stringify(method)} is no method`);
  // RFC 9110 9.3.2, 9.3.6: HEAD and CONNECT decide whether a body follows the answer, and the client waits for what its own method says.
  if (method !== received && (fixed.test(method) || fixed.test(received)))
    throw new RangeError(`a ${received} cannot be forwarded as ${method}`);
}
