/** The request as services judge it. */
import { Buffer } from 'node:buffer';
import type { RequestView } from '../policy/runtime.ts';

/**
 * Path and query, escaped. The path is the canonical one, which routing and all other policies see: a service that compares `/admin` must not be
 * shown `//admin` or `/admin%2Fkeys`, which backends read as the same (the bytes of a plain path are the client's). The query is what the backend
 * gets: a credential that a policy took out of it stays out.
 */
export function judgedTarget({ path, forwardPath, forwardQuery }: RequestView): string {
  return (path === forwardPath ? path : escaped(path)) + forwardQuery;
}

function escaped(path: string): string {
  return encodeURI(path).replace(/[?#]/g, encodeURIComponent);
}

/** As the client named it: without the port where that is the usual one and was left out. */
export function authorityOf({ host, hostPort }: RequestView): string {
  return hostPort === 0 ? host : `${host}:${hostPort}`;
}

/** Field values hold one byte per character; texts of other protocols hold UTF-8. */
export function textOf(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8');
}
