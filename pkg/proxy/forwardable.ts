/** What a filter may make of a request that is forwarded. Each throws a RangeError that names what it got: a bug of the filter, and a 500. */

// RFC 3986 3.4, as strict as http1/target.ts: visible ASCII without `#`.
const query = /^(?:\?[\x21\x22\x24-\x7e]*)?$/;
const host = /^[\w.~:[\]-]+$/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const fixed = /^(?:HEAD|CONNECT|TRACE)$/;

export function checkForwardHost(authority: string): void {
  if (!host.test(authority)) throw new RangeError(`a filter made the host ${JSON.stringify(authority)}, which is none`);
}

export function checkForwardQuery(text: string): void {
  if (!query.test(text)) throw new RangeError(`a filter made the query ${JSON.stringify(text)}, which is none`);
}

/** @param received the client's method */
export function checkForwardMethod(method: string, received: string): void {
  if (!token.test(method)) throw new RangeError(`${JSON.stringify(method)} is no method`);
  // RFC 9110 9.3.2, 9.3.6: HEAD and CONNECT decide whether a body follows the answer, and the client waits for what its own method says.
  if (method !== received && (fixed.test(method) || fixed.test(received)))
    throw new RangeError(`a ${received} cannot be forwarded as ${method}`);
}
