/** Answers that let pass, used again for a while. */
import { hash } from 'node:crypto';
import { Recent } from '../policy/recent.ts';
import type { Exchange } from '../policy/runtime.ts';
import type { CacheConfig } from './config.ts';
import { judgedTarget } from './judged.ts';
import type { Allowed, Verdict } from './verdict.ts';

interface Entry {
  readonly verdict: Allowed;
  readonly until: number;
}

/**
 * Refusals are not kept: who has just logged in would go on being refused, and a service that is asked again and again by somebody without a
 * credential answers that quickly. Requests of one key that come at the same time are one question.
 */
export class VerdictCache {
  readonly #config: CacheConfig;
  readonly #now: () => number;
  readonly #entries: Recent<Entry>;
  readonly #asking = new Map<string, Promise<Verdict>>();

  /** @param now monotonic milliseconds */
  constructor(config: CacheConfig, now: () => number) {
    this.#config = config;
    this.#now = now;
    this.#entries = new Recent(config.maxEntries);
  }

  /** @param ask never rejects */
  check(exchange: Exchange, ask: () => Promise<Verdict>): Verdict | Promise<Verdict> {
    const key = this.#keyOf(exchange);
    if (key === null) return ask();
    const known = this.#entries.get(key);
    if (known !== undefined && this.#now() < known.until) return known.verdict;
    const asking = this.#asking.get(key);
    if (asking !== undefined) return asking;
    const started = this.#now();
    const answer = ask().then((verdict) => {
      this.#asking.delete(key);
      if (verdict.kind !== 'allowed') return verdict;
      // From when it was asked: what the service knew then is what it said.
      const until = started + Math.min(this.#config.ttl, verdict.reusable);
      if (until > this.#now()) this.#entries.set(key, { verdict, until });
      return verdict;
    });
    this.#asking.set(key, answer);
    return answer;
  }

  /** @returns null for a request without a credential: who answers those for everybody would be one that a stranger fills */
  #keyOf({ request, connection }: Exchange): string | null {
    const { headers, cookies, scope } = this.#config;
    const parts: (string | null)[] = [];
    for (const name of headers) parts.push(request.headers.get(name) ?? null);
    for (const name of cookies) parts.push(cookiesOf(request.headers.get('cookie') ?? '', name));
    if (parts.every((part) => part === null || part === '')) return null;
    if (scope === 'Request') {
      const { method, scheme, host, hostPort, clientAddress } = request;
      parts.push(method, scheme, host, String(hostPort), judgedTarget(request), clientAddress);
      parts.push(connection.clientCertificate?.fingerprint ?? null);
    }
    // As JSON, so that no value can spell the border to the next; hashed, so that no credential stays in memory.
    return hash('sha256', JSON.stringify(parts), 'base64');
  }
}

/** All of the name: of two, the service or the backend may look at the other one. `''` for none. */
function cookiesOf(field: string, name: string): string {
  const values = field.split(';').flatMap((pair) => {
    const [own = '', ...value] = pair.split('=');
    return own.trim() === name ? [value.join('=').trim()] : [];
  });
  return values.join(';');
}
