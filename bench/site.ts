/** What every proxy serves, and what is asked of it: 200 hosts with ten path prefixes each, all on one origin. */
import type { LoadRequest } from './load.ts';

export interface Site {
  readonly hosts: readonly string[];
  /** Each with slashes around it: `/p03/`. */
  readonly prefixes: readonly string[];
}

export function createSite(hosts = 200, prefixes = 10): Site {
  return {
    hosts: Array.from({ length: hosts }, (_, i) => `h${String(i).padStart(3, '0')}.bench.example`),
    prefixes: Array.from({ length: prefixes }, (_, i) => `/p${String(i).padStart(2, '0')}/`),
  };
}

/** `h007-p03`: what access logs call a route. */
export function routeName(host: string, prefix: string): string {
  return `${hostName(host)}-${prefix.replaceAll('/', '')}`;
}

/** `h007` */
export function hostName(host: string): string {
  return host.slice(0, host.indexOf('.'));
}

export interface RequestOptions {
  /** Bytes of the answer's body. */
  readonly answer: number;
  /** Bytes of the request's body; 0: a GET. */
  readonly body?: number;
  /** JSON instead of it. */
  readonly json?: string;
  /** Asks for the end of the connection. */
  readonly close?: boolean;
  /** Behind the path, with the question mark. */
  readonly query?: string;
  /** More header lines. */
  readonly fields?: readonly string[];
}

/** How many different requests are sent in turn: they lie on hosts and prefixes over the whole table. */
const Different = 64;

/** A browser's request, for routes all over the table. */
export function siteRequests(
  site: Site,
  { answer, body = 0, json = '', close = false, query = '', fields = [] }: RequestOptions,
): readonly LoadRequest[] {
  const bytes = json === '' ? bodyOf(body) : json;
  const type = json === '' ? 'application/octet-stream' : 'application/json';
  return Array.from({ length: Different }, (_, i) => {
    // Steps without a common divisor with the counts, so that all prefixes and far-apart hosts come.
    const host = site.hosts[(i * 67) % site.hosts.length]!;
    const prefix = site.prefixes[(i * 3) % site.prefixes.length]!;
    const head = [
      `${bytes === '' ? 'GET' : 'POST'} ${prefix}${answer}${query} HTTP/1.1`,
      `Host: ${host}`,
      'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
      'Accept-Language: en-US,en;q=0.5',
      'Accept-Encoding: gzip, deflate, br',
      'Cookie: sid=0123456789abcdef0123456789abcdef',
      ...(bytes === '' ? [] : [`Content-Type: ${type}`, `Content-Length: ${bytes.length}`]),
      ...(close ? ['Connection: close'] : []),
      ...fields,
      '',
      '',
    ];
    return { text: head.join('\r\n') + bytes, expected: answer, serverName: host };
  });
}

/** Bytes as bench/c/body.h has them: origin and load generator check each. */
export function bodyOf(length: number): string {
  const period = 'abcdefghijklmnopqrstuvw';
  return period.repeat(Math.ceil(length / period.length)).slice(0, length);
}
