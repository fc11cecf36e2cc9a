/** Control-plane half of response overrides. */
import type { Problem } from '../../status/problem.ts';
import type { PolicyContext } from '../context.ts';
import { keyName } from '../key-name.ts';
import { isProblems, type Translated, unsupported } from '../translated.ts';
import type { OverrideConfig, OverrideSpec, ResponseOverridesConfig, ResponseOverridesSpec } from './schema.ts';

/** Bytes. */
const MaxInline = 4_096;
const MaxReferenced = 65_536;

/** @param path where `spec` stands in its object, for messages */
export function translateResponseOverrides(
  spec: ResponseOverridesSpec,
  path: string,
  context: PolicyContext,
): Translated<ResponseOverridesConfig> {
  const rules: OverrideConfig[] = [];
  const problems: Problem[] = [];
  for (const [i, rule] of spec.rules.entries()) {
    const config = translateRule(rule, `${path}.rules[${i}]`, context);
    if (isProblems(config)) problems.push(...config);
    else rules.push(config);
  }
  return problems.length > 0 ? problems : { rules };
}

function translateRule(rule: OverrideSpec, path: string, context: PolicyContext): Translated<OverrideConfig> {
  const statuses = rule.statuses.map(rangeOf);
  const unknown = statuses.findIndex((range) => range === null);
  if (unknown >= 0)
    return [
      unsupported(`${path}.statuses[${unknown}]`, `"${rule.statuses[unknown]}" is no error status; write 404 or 5xx`),
    ];
  const ranges = statuses.filter((range) => range !== null);
  const answer = rule.type === 'Redirect' ? redirectOf(rule, path) : responseOf(rule, path, context);
  if (isProblems(answer)) return answer;
  const opened = openingProblem(ranges, rule, answer.status, path);
  return opened === null ? { statuses: ranges, from: rule.from, ...answer } : [opened];
}

type Answer = Pick<OverrideConfig, 'status' | 'headers' | 'body'>;

function rangeOf(status: number | string): readonly [number, number] | null {
  const [, digit, rest] = /^([45])(xx|[0-9]{2})$/.exec(String(status)) ?? [];
  if (digit === undefined) return null;
  return rest === 'xx' ? [Number(digit) * 100, Number(digit) * 100 + 99] : [Number(status), Number(status)];
}

/** A refusal must stay one: nobody who asks may take the answer for a yes. */
function openingProblem(
  ranges: readonly (readonly [number, number])[],
  { from, type }: OverrideSpec,
  status: number,
  path: string,
): Problem | null {
  const refusal = [401, 403].find((code) => ranges.some(([first, last]) => first <= code && code <= last));
  if (refusal === undefined || status === 0 || status >= 400) return null;
  // A backend may send its own visitors to its login page; what the gateway refuses, it refuses.
  if (from === 'Backend' && type === 'Redirect') return null;
  return unsupported(
    `${path}.statuses`,
    `${refusal} would become ${status}: a refusal must stay one; leave 401 and 403 out, or answer with a status of 400 and more`,
  );
}

const redirects = new Set([301, 302, 303, 307, 308]);

function redirectOf({ redirect, response }: OverrideSpec, path: string): Translated<Answer> {
  if (response !== undefined) return [unsupported(`${path}.response`, 'is not read with type Redirect; remove it')];
  if (redirect === undefined) return [unsupported(`${path}.redirect`, 'is missing; add it, or correct type')];
  const { url, statusCode } = redirect;
  if (!redirects.has(statusCode))
    return [unsupported(`${path}.redirect.statusCode`, `${statusCode} is no redirect; use 301, 302, 303, 307 or 308`)];
  // Two slashes at the start, or a slash and a backslash, lead to another host.
  if (/^\/[/\\]/.test(url) || !/^(?:https?:\/\/[^/?#\s\\]+)?(?:\/[\x21-\x7e]*)?$/.test(url))
    return [
      unsupported(`${path}.redirect.url`, `"${url}" is no URL; write https://example.com/path or /path, escaped`),
    ];
  return { status: statusCode, headers: { Location: url, 'Cache-Control': 'no-store' }, body: '' };
}

function responseOf({ redirect, response }: OverrideSpec, path: string, context: PolicyContext): Translated<Answer> {
  if (redirect !== undefined) return [unsupported(`${path}.redirect`, 'is not read with type Response; remove it')];
  if (response === undefined) return [unsupported(`${path}.response`, 'is missing; add it, or correct type')];
  const at = `${path}.response`;
  const { statusCode = 0, contentType = 'text/plain; charset=utf-8', body: inline, bodyRef } = response;
  if (inline !== undefined && bodyRef !== undefined)
    return [unsupported(at, 'body and bodyRef exclude each other; keep one of them')];
  if (!/^[\x21-\x7e][\x20-\x7e]*$/.test(contentType))
    return [unsupported(`${at}.contentType`, `"${contentType}" is no media type; write one such as text/html`)];
  let body = inline ?? '';
  if (bodyRef !== undefined) {
    const found = context.configMap(bodyRef, `${at}.bodyRef`);
    if (found.problem !== undefined) return [found.problem];
    body = found.value;
  }
  const [place, most, what] =
    bodyRef === undefined
      ? [`${at}.body`, MaxInline, 'the body']
      : [`${at}.bodyRef`, MaxReferenced, keyName('ConfigMap', bodyRef, context)];
  if (Buffer.byteLength(body) > most)
    return [unsupported(place, `${what} has ${Buffer.byteLength(body)} bytes; at most ${most} are allowed`)];
  // RFC 9110 15.3.5, 15.3.6, 15.4.5: these end with their head.
  if (statusCode === 204 || statusCode === 205 || statusCode === 304)
    return [unsupported(`${at}.statusCode`, `an error cannot become ${statusCode}; use 200 to 599 with a body`)];
  return { status: statusCode, headers: body === '' ? {} : { 'Content-Type': contentType }, body };
}
