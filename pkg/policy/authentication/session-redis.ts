/** Sessions in Redis: the cookie holds a random id alone, a logout ends all copies of it, and replicas refresh once. */
import { hash, randomBytes } from 'node:crypto';
import type { RedisCommand, RedisReply } from '../feeds.ts';
import type { FilterEnv } from '../runtime.ts';
import { readSession, type SessionData, writeSession } from './login-session.ts';
import type { Sealer } from './sealer.ts';
import type { SessionStore } from './session-store.ts';

const TIMEOUT = 1000;
/** A refresh that takes longer was given up. */
const CLAIM = 15_000;

export class RedisSessions implements SessionStore {
  readonly fresh = 5000;
  readonly usable = 60_000;
  readonly #sealer: Sealer;
  readonly #lifetime: number;
  readonly #env: FilterEnv;

  /** @param lifetime milliseconds from the login */
  constructor(sealer: Sealer, lifetime: number, env: FilterEnv) {
    this.#sealer = sealer;
    this.#lifetime = lifetime;
    this.#env = env;
  }

  async load(ticket: string): Promise<SessionData | null> {
    const name = nameOf(ticket);
    const sealed = await this.#ask('GET', name);
    // The name is part of what is encrypted: who may write to Redis cannot give one user the session of another.
    const text = typeof sealed === 'string' ? this.#sealer.open(name, sealed) : null;
    return text === null ? null : readSession(text);
  }

  async save(data: SessionData, before?: string): Promise<string> {
    const ticket = before ?? randomBytes(32).toString('base64url');
    const name = nameOf(ticket);
    const left = Math.max(1, Math.ceil(data.startedAt + this.#lifetime - this.#env.wallClock()));
    // XX: a session that was logged out meanwhile is not brought back by a refresh.
    const only = before === undefined ? 'NX' : 'XX';
    const reply = await this.#ask('SET', name, this.#sealer.seal(name, writeSession(data)), 'PX', left, only);
    if (reply === null) throw new Error('the session has ended');
    return ticket;
  }

  async remove(ticket: string): Promise<void> {
    await this.#ask('DEL', nameOf(ticket));
  }

  async claim(ticket: string): Promise<boolean> {
    return (await this.#ask('SET', `${nameOf(ticket)}:refresh`, '1', 'PX', CLAIM, 'NX')) !== null;
  }

  async release(ticket: string): Promise<void> {
    await this.#ask('DEL', `${nameOf(ticket)}:refresh`);
  }

  #ask(name: RedisCommand, ...args: readonly (string | number)[]): Promise<RedisReply> {
    return this.#env.services.ask({ kind: 'redis', question: { kind: 'command', name, args } }, TIMEOUT);
  }
}

// Who reads the names in Redis learns no ticket.
function nameOf(ticket: string): string {
  return `suuupra:session:${hash('sha256', ticket, 'base64url')}`;
}
