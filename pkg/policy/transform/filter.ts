/** Data-plane half of transform. */
import { createSources } from '../expression-sources.ts';
import { createPathReplacement } from '../path-replacement.ts';
import type { Exchange, FilterEnv, LocalResponse, RuntimeFilter } from '../runtime.ts';
import { createRequestBody, createResponseBody } from './body.ts';
import { changeCookies, cookieValue, nameOf } from './cookies.ts';
import { createHeaderChange } from './headers.ts';
import { changeQuery } from './query.ts';
import type { NamesTransform, RequestTransform, ResponseTransform, TransformConfig } from './schema.ts';
import { compileValues, type ValueContext } from './values.ts';

export function createTransform({ request, response }: TransformConfig, env: FilterEnv): RuntimeFilter {
  const sources = createSources(env);
  const dropped: FilterEnv['dropped'] = (place, reason) => env.dropped(place, reason);
  return {
    ...(request !== null && { onRequest: createRequest(request, { scope: sources, dropped }) }),
    ...(response !== null && {
      onResponse: createResponse(response, { scope: { ...sources, response: true }, dropped }),
    }),
    close: () => sources.close(),
  };
}

/** Computes from what came, and gives what then changes what goes. */
type Part = (exchange: Exchange) => () => void;

function createRequest(config: RequestTransform, context: ValueContext): (exchange: Exchange) => void | Promise<void> {
  const body = config.body === null ? undefined : createRequestBody(config.body, context);
  const headers = createHeaderChange(config.headers, context);
  const parts: readonly Part[] = [
    (exchange) => {
      const change = headers(exchange);
      return () => change(exchange.request.headers);
    },
    ...(isEmpty(config.query) ? [] : [queryPart(config.query, context)]),
    ...(isEmpty(config.cookies) ? [] : [cookiePart(config.cookies, context)]),
  ];
  const replacePath = config.path === null ? undefined : createPathReplacement(config.path);

  const apply = (exchange: Exchange): void => {
    const { request } = exchange;
    const path = replacePath?.(exchange);
    if (path === '') {
      exchange.deny('policy-invalid');
      return;
    }
    for (const change of parts.map((part) => part(exchange))) change();
    if (path !== undefined) request.setForwardPath(path);
    if (config.hostname !== '') request.setForwardHost(config.hostname);
    // HEAD, CONNECT and TRACE say how messages are framed, so they stay.
    if (config.method !== '' && !/^(?:HEAD|CONNECT|TRACE)$/.test(request.method))
      request.setForwardMethod(config.method);
  };
  if (body === undefined) return apply;
  return (exchange) => {
    const reading = body(exchange);
    if (reading === undefined) return apply(exchange);
    return reading.then((passes) => (passes ? apply(exchange) : undefined));
  };
}

function isEmpty({ remove, set }: NamesTransform): boolean {
  return remove.length === 0 && set.length === 0;
}

function queryPart({ remove, set }: NamesTransform, context: ValueContext): Part {
  const values = compileValues(set, 'query parameter', (text) => text, context);
  const without = new Set([...remove, ...set.map(({ name }) => name)]);
  return (exchange) => {
    const more = values(exchange);
    return () => exchange.request.setForwardQuery(changeQuery(exchange.request.forwardQuery, without, more));
  };
}

function cookiePart({ remove, set }: NamesTransform, context: ValueContext): Part {
  const values = compileValues(set, 'cookie', cookieValue, context);
  const without = new Set([...remove, ...set.map(({ name }) => name)]);
  return (exchange) => {
    const { headers } = exchange.request;
    const more = values(exchange);
    return () => {
      const field = changeCookies(headers.get('cookie') ?? '', without, more);
      if (field === '') headers.remove('cookie');
      else headers.set('Cookie', field);
    };
  };
}

function createResponse(config: ResponseTransform, context: ValueContext): (exchange: Exchange) => void {
  const body = config.body === null ? undefined : createResponseBody(config.body, context);
  const headers = createHeaderChange(config.headers, context);
  const { remove, set } = config.cookies;
  const values = compileValues(
    set,
    'cookie',
    (text, { attributes }) => (cookieValue(text) === null ? null : text + attributes),
    context,
  );
  const without = new Set([...remove, ...set.map(({ name }) => name)]);

  return (exchange) => {
    // The gateway's own answers say what they have to.
    if (exchange.answered) return;
    const { response } = exchange;
    const change = headers(exchange);
    const cookies = values(exchange);
    if (body !== undefined && !body(exchange)) {
      exchange.replaceResponse(unchangeable);
      return;
    }
    change(response.headers);
    if (without.size > 0) takeCookies(exchange, without);
    for (const [name, value] of cookies) response.headers.add('Set-Cookie', `${name}=${value}`);
    if (config.status !== 0 && mayBecome(response.status, config.status)) response.setStatus(config.status);
  };
}

function takeCookies({ response: { headers } }: Exchange, without: ReadonlySet<string>): void {
  // Line by line: in one that is joined, a value that holds `, sid=1` would become a cookie of its own (RFC 6265 3).
  const lines = headers.lines().flatMap(([name, value]) => (name === 'set-cookie' ? [value] : []));
  const kept = lines.filter((line) => !without.has(nameOf(line)));
  if (kept.length === lines.length) return;
  headers.remove('set-cookie');
  for (const line of kept) headers.add('Set-Cookie', line);
}

/** A refusal stays one; and what has no body gets none, by a status that promises it. */
function mayBecome(status: number, next: number): boolean {
  if (status < 200 || status === 204 || status === 304) return false;
  return (status !== 401 && status !== 403) || next >= 400;
}

const unchangeable: LocalResponse = {
  status: 500,
  headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' },
  body: `${JSON.stringify({
    type: 'about:blank',
    title: 'The response could not be changed as a policy of this route says',
    status: 500,
    code: 'policy-invalid',
  })}\n`,
};
