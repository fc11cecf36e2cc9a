/** Answers that the gateway gives itself when something is wrong: problem details (RFC 9457), or a page or line for who asks for that. */
import type { FieldError, LocalResponse } from '../policy/runtime.ts';
import { type ErrorCode, errors } from './errors.ts';

const methods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

// RFC 9110 9.3.7: "An OPTIONS request with an asterisk ("*") as the request target applies to the server in general".
export const serverOptions: LocalResponse = { status: 204, headers: { Allow: methods }, body: '' };

/**
 * @param accept the request's Accept; undefined without
 * @param requestId what support asks for; `''` before the head was read
 * @param status where a route names another than the table's
 * @param details what is wrong with the request, for problem details alone
 */
export function errorReply(
  code: ErrorCode,
  accept: string | undefined,
  requestId: string,
  status?: number,
  details: readonly FieldError[] = [],
): LocalResponse {
  const info = errors[code];
  const answer = status ?? info.status;
  const headers: Record<string, string> = { 'Cache-Control': 'no-store' };
  if (requestId !== '') headers['X-Request-Id'] = requestId;
  if (answer === 503) headers['Retry-After'] = '1';
  if (answer === 405) headers['Allow'] = methods;
  switch (preferred(accept)) {
    case 'html':
      headers['Content-Type'] = 'text/html; charset=utf-8';
      return { status: answer, headers, body: page(answer, info.title, code, requestId) };
    case 'plain':
      headers['Content-Type'] = 'text/plain; charset=utf-8';
      return { status: answer, headers, body: `${answer} ${info.title} (${code})\n` };
    case 'json':
    default:
      headers['Content-Type'] = 'application/problem+json';
      return { status: answer, headers, body: problem(answer, info.title, code, requestId, details) };
  }
}

function problem(
  status: number,
  title: string,
  code: ErrorCode,
  requestId: string,
  details: readonly FieldError[],
): string {
  return `${JSON.stringify({
    type: 'about:blank',
    title,
    status,
    code,
    ...(requestId === '' ? {} : { requestId }),
    ...(details.length === 0 ? {} : { errors: details }),
  })}\n`;
}

function page(status: number, title: string, code: ErrorCode, requestId: string): string {
  const id = escaped(requestId);
  return `<!doctype html>\n<title>${status} ${title}</title>\n<h1>${status}</h1>\n<p>${title}.</p>\n<p><small>${code} ${id}</small></p>\n`;
}

/** The first of these types that the client lists, whatever its weight; browsers list text/html first, `*` / `*` means JSON. */
function preferred(accept: string | undefined): 'html' | 'plain' | 'json' {
  if (accept === undefined) return 'json';
  for (const part of accept.toLowerCase().split(',', 16)) {
    const type = part.split(';', 1)[0]!.trim();
    if (type === 'text/html') return 'html';
    if (type === 'text/plain') return 'plain';
    if (type.endsWith('json') || type === '*/*' || type === 'application/*') return 'json';
  }
  return 'json';
}

function escaped(text: string): string {
  return text.replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
