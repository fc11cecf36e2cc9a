/** How large a request's head is, for policies that limit it. */
import type { Head } from '../http1/head.ts';
import type { Measure } from '../policy/runtime.ts';

export function measureHead(head: Head, what: Measure): number {
  switch (what) {
    case 'head':
      return head.end - head.start;
    case 'target':
      return head.targetEnd - head.targetStart;
    case 'fields':
      return head.count;
  }
}
