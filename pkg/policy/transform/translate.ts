/** Control-plane half of transform. */
import type { Scope } from '../../expression/variables.ts';
import type { Problem } from '../../status/problem.ts';
import type { PolicyContext } from '../context.ts';
import { sourcesOf } from '../expression-translation.ts';
import { translatePath } from '../path-translation.ts';
import { isProblems, type Translated, unsupported } from '../translated.ts';
import { translateBody } from './body-translate.ts';
import { cookieMistake, cookieNameProblems } from './cookie-translate.ts';
import { headersProblems, translateHeadersTransform } from './headers-translate.ts';
import type { RequestTransform, ResponseTransform, TransformConfig } from './schema.ts';
import type { RequestSpec, ResponseSpec, SetCookieSpec, TransformSpec } from './spec.ts';
import { namedValue, valueProblems } from './value-translate.ts';

/** @param path where `spec` stands in its object, for messages */
export function translateTransform(
  spec: TransformSpec,
  path: string,
  context: Pick<PolicyContext, 'hasCountries'>,
): Translated<TransformConfig> {
  const sources = sourcesOf(context);
  if (spec.request === undefined && spec.response === undefined)
    return [unsupported(path, 'says nothing; write request or response')];
  const request = spec.request === undefined ? null : translateRequest(spec.request, `${path}.request`, sources);
  const response =
    spec.response === undefined
      ? null
      : translateResponse(spec.response, `${path}.response`, { ...sources, response: true });
  const problems = [request, response].flatMap((part) => (part !== null && isProblems(part) ? part : []));
  if (problems.length > 0) return problems;
  return { request, response } as TransformConfig;
}

function translateRequest(spec: RequestSpec, path: string, scope: Scope): Translated<RequestTransform> {
  const { headers = {}, query = {}, cookies = {} } = spec;
  const rewrite =
    spec.path === undefined
      ? null
      : translatePath({ type: 'ReplaceRegularExpression', replaceRegularExpression: spec.path }, path);
  const body = spec.body === undefined ? null : translateBody(spec.body, `${path}.body`, scope);
  const problems: Problem[] = [
    ...headersProblems(headers, `${path}.headers`, scope),
    ...(query.set ?? []).flatMap((entry, i) => valueProblems(entry, `${path}.query.set[${i}]`, scope, () => '')),
    ...cookieNameProblems(cookies.remove, `${path}.cookies.remove`),
    ...(cookies.set ?? []).flatMap((entry, i) => [
      ...cookieNameProblems([entry.name], `${path}.cookies.set`, i),
      ...valueProblems(entry, `${path}.cookies.set[${i}]`, scope, cookieMistake),
    ]),
    // The place that users know: they write no member for the pattern.
    ...problemsOf(rewrite).map((problem) => ({
      ...problem,
      path: problem.path.replace('.replaceRegularExpression', '.path'),
    })),
    ...problemsOf(body),
  ];
  if (problems.length > 0) return problems;
  return {
    headers: translateHeadersTransform(headers),
    query: { remove: query.remove ?? [], set: (query.set ?? []).map(namedValue) },
    cookies: { remove: cookies.remove ?? [], set: (cookies.set ?? []).map(namedValue) },
    path: rewrite as RequestTransform['path'],
    method: spec.method ?? '',
    hostname: spec.hostname ?? '',
    body: body as RequestTransform['body'],
  };
}

/** Have no body, and a change to or from them would leave one where none may be. */
const bodiless = new Set([204, 205, 304]);

function translateResponse(spec: ResponseSpec, path: string, scope: Scope): Translated<ResponseTransform> {
  const { headers = {}, cookies = {}, status = 0 } = spec;
  const body = spec.body === undefined ? null : translateBody(spec.body, `${path}.body`, scope);
  const problems: Problem[] = [
    ...headersProblems(headers, `${path}.headers`, scope),
    ...cookieNameProblems(cookies.remove, `${path}.cookies.remove`),
    ...(cookies.set ?? []).flatMap((entry, i) => [
      ...cookieNameProblems([entry.name], `${path}.cookies.set`, i),
      ...valueProblems(entry, `${path}.cookies.set[${i}]`, scope, cookieMistake),
      ...attributeProblems(entry, `${path}.cookies.set[${i}]`),
    ]),
    ...(bodiless.has(status)
      ? [unsupported(`${path}.status`, `${status} has no body; use responseOverrides to answer without one`)]
      : []),
    ...problemsOf(body),
  ];
  if (problems.length > 0) return problems;
  return {
    headers: translateHeadersTransform(headers),
    cookies: {
      remove: cookies.remove ?? [],
      set: (cookies.set ?? []).map((cookie) => ({ ...namedValue(cookie), attributes: attributesOf(cookie) })),
    },
    status,
    body: body as ResponseTransform['body'],
  };
}

function attributeProblems(
  { name, path = '/', domain, secure, sameSite }: SetCookieSpec,
  at: string,
): readonly Problem[] {
  const problems: Problem[] = [];
  // RFC 6265 4.1.1: path-value is any character but controls and ";".
  if (/[;\p{Cc}]/u.test(path))
    problems.push(unsupported(`${at}.path`, `"${path}" is no cookie path; write one such as /`));
  if (sameSite === 'None' && !secure)
    problems.push(unsupported(`${at}.secure`, 'browsers refuse SameSite=None without Secure; set secure to true'));
  // RFC 6265bis 4.1.3.
  if (/^__(?:host|secure)-/i.test(name) && !secure)
    problems.push(unsupported(`${at}.secure`, `browsers refuse ${name} without Secure; set secure to true`));
  if (/^__host-/i.test(name) && (domain !== undefined || path !== '/'))
    problems.push(unsupported(at, `browsers refuse ${name} with a domain, or a path other than /; remove them`));
  return problems;
}

function attributesOf({ path = '/', domain, maxAge, secure, httpOnly, sameSite }: SetCookieSpec): string {
  return [
    `; Path=${path}`,
    domain === undefined ? '' : `; Domain=${domain}`,
    maxAge === undefined ? '' : `; Max-Age=${maxAge}`,
    secure ? '; Secure' : '',
    httpOnly ? '; HttpOnly' : '',
    `; SameSite=${sameSite}`,
  ].join('');
}

function problemsOf(result: object | null): readonly Problem[] {
  return result !== null && isProblems(result) ? result : [];
}
