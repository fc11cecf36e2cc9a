/** How large a request's head is, for policies that limit it. */
import type { Head } from '../http1/head.ts';
import type { Measure } from '../policy/runtime.ts';

export function measureHead(head: Head, what: Measure): number {
  if (what === 'fields') return head.count;
  return what === 'head' ? head.end - head.start : head.targetEnd - head.targetStart;
}
