/** Where sessions are kept: in the cookie itself, or in Redis. */
import { readSession, type SessionData, writeSession } from './login-session.ts';

/** A ticket is what stands in the cookie, decrypted. Everything rejects while nobody can tell. */
export interface SessionStore {
  /** null: there is none, or none any more. */
  load(ticket: string): SessionData | null | Promise<SessionData | null>;
  /** @param before ticket of the session that is prolonged, which may go on */
  save(data: SessionData, before?: string): Promise<string>;
  remove(ticket: string): Promise<void>;
  /** Before a refresh. false: somebody else is at it. */
  claim(ticket: string): Promise<boolean>;
  release(ticket: string): Promise<void>;
  /** Milliseconds that what was loaded is good without another look, and how long while a look is not possible. */
  readonly fresh: number;
  readonly usable: number;
}

/** The ticket is the session. */
export const cookieStore: SessionStore = {
  load: readSession,
  save: async (data) => writeSession(data),
  remove: async () => undefined,
  claim: async () => true,
  release: async () => undefined,
  fresh: Infinity,
  usable: Infinity,
};
