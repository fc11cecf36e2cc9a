/** Rules for a path to match, shared by HTTPRoute, GatewayRoute and Ingress: only paths that can be equal to a canonical request path. */
import { type Findings, quote } from './problem.ts';

const MERGED = 'write single slashes: those of a request are merged before matching';
const RESOLVED = 'write the path without dot segments: those of a request are resolved before matching';
const ENCODED = 'write a slash, or match with type RegularExpression';

/** Text → what to do about it. */
const INSIDE: readonly (readonly [text: string, hint: string])[] = [
  ['//', MERGED],
  ['/./', RESOLVED],
  ['/../', RESOLVED],
  ['%2f', ENCODED],
  ['%2F', ENCODED],
  ['#', 'remove it and what follows: a fragment is never sent to a server'],
];
const AT_END = ['/..', '/.'] as const;

/** Reports what is wrong with an Exact or Prefix path at `below`. Source: the CEL rules of HTTPPathMatch; validateHTTPIngressPath. */
export function checkMatchPath(value: string, findings: Findings, ...below: readonly string[]): void {
  if (!value.startsWith('/')) {
    findings.report(`${quote(value)} must be an absolute path`, `write ${quote(`/${value.slice(0, 60)}`)}`, ...below);
    return;
  }
  for (const [text, hint] of INSIDE) {
    if (value.includes(text)) findings.report(`${quote(value)} must not contain ${quote(text)}`, hint, ...below);
  }
  for (const text of AT_END) {
    if (value.endsWith(text)) findings.report(`${quote(value)} must not end with ${quote(text)}`, RESOLVED, ...below);
  }
}
