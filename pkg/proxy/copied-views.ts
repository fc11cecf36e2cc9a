/** What a filter in shadow mode goes on looking at when it takes longer than the exchange, whose own views serve the next request then. */
import type { HeaderView, RequestView, ResponseView } from '../policy/runtime.ts';
import type { FieldLine } from './fields.ts';
import { cookieOf, queryParamOf } from './query.ts';
import type { Request } from './request.ts';
import type { Response } from './response-head.ts';

const nothing = (): void => undefined;

export function copyRequest(request: Request): RequestView {
  const {
    method,
    scheme,
    host,
    hostPort,
    listenerPort,
    path,
    forwardPath,
    query,
    forwardQuery,
    clientAddress,
    requestId,
  } = request;
  const headers = copyFields(request.headers.lines());
  const { hasBody } = request;
  const sizes = { head: request.measure('head'), target: request.measure('target'), fields: request.measure('fields') };
  return {
    method,
    scheme,
    host,
    hostPort,
    listenerPort,
    path,
    forwardPath,
    query,
    forwardQuery,
    clientAddress,
    requestId,
    headers,
    hasBody,
    measure: (what) => sizes[what],
    limitBody: () => true,
    guardBody: () => null,
    cookie: (name) => cookieOf(headers.get('cookie') ?? '', name),
    queryParam: (name) => queryParamOf(query, name),
    readBody: () => Promise.reject(new Error('a copy has no body')),
    setBody: nothing,
    setForwardPath: nothing,
    setForwardHost: nothing,
    setForwardQuery: nothing,
    setForwardMethod: nothing,
  };
}

export function copyResponse({ status, headers }: Response): ResponseView {
  return { status, headers: copyFields(headers.lines()), setStatus: nothing };
}

function copyFields(lines: readonly FieldLine[]): HeaderView {
  return {
    get(name) {
      const values = lines.filter(([each]) => each === name).map(([, value]) => value);
      return values.length === 0 ? undefined : values.join(name === 'cookie' ? '; ' : ', ');
    },
    has: (name) => lines.some(([each]) => each === name),
    lines: () => lines,
    set: nothing,
    add: nothing,
    remove: nothing,
    setAll: nothing,
    fillIn: nothing,
  };
}
