/** Bytes of a method → one string per method, without making one per request. */
import type { Buffer } from 'node:buffer';

const known = ['GET', 'PUT', 'HEAD', 'POST', 'PATCH', 'TRACE', 'DELETE', 'OPTIONS', 'CONNECT'] as const;

export function methodOf(bytes: Buffer, start: number, end: number): string {
  // RFC 9110 9.1: "The method token is case-sensitive".
  for (let i = 0; i < known.length; i++) if (spells(bytes, start, end, known[i]!)) return known[i]!;
  return bytes.toString('latin1', start, end);
}

/**
 * Whether it is one of the known methods in another case: `post` is another method than POST to routes and policies, and the same to backends that
 * fold it (Django and Werkzeug do).
 */
export function isMiscased(method: string): boolean {
  for (let i = 0; i < method.length; i++) {
    const code = method.charCodeAt(i);
    if (code >= 97 && code <= 122) return (known as readonly string[]).includes(method.toUpperCase());
  }
  return false;
}

function spells(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}
