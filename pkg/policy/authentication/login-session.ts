/** What a logged-in browser keeps, encrypted: tokens and their times. */
import type { Identity } from '../identity.ts';
import type { Tokens } from './token-endpoint.ts';

/** As it stands in the cookie. */
export interface SessionData {
  readonly idToken: string;
  /** `''` unless the backend gets it. */
  readonly accessToken: string;
  /** `''` unless there is one and it is used. */
  readonly refreshToken: string;
  /** Milliseconds since the epoch: of the login, and until when the tokens are good. */
  readonly startedAt: number;
  readonly refreshAt: number;
  readonly expires: number;
}

export interface Session {
  readonly data: SessionData;
  readonly identity: Identity;
  /** Names it in its store. */
  readonly ticket: string;
  /** Cookies that the browser has of it. */
  readonly parts: number;
}

/** Refreshed so long before the end, so that requests need not wait for a provider that is slow. */
const AHEAD = 60_000;

/**
 * @param before the session that is prolonged
 * @param idTokenExpires seconds since the epoch
 */
export function sessionData(
  tokens: Tokens,
  idTokenExpires: number,
  now: number,
  keep: { readonly accessToken: boolean; readonly refreshToken: boolean },
  before?: SessionData,
): SessionData {
  const expires = tokens.expiresIn > 0 ? now + tokens.expiresIn : idTokenExpires * 1000;
  return {
    idToken: tokens.idToken || (before?.idToken ?? ''),
    accessToken: keep.accessToken ? tokens.accessToken : '',
    // RFC 6749 6: "The authorization server MAY issue a new refresh token"; else the old one goes on.
    refreshToken: keep.refreshToken ? tokens.refreshToken || (before?.refreshToken ?? '') : '',
    startedAt: before?.startedAt ?? now,
    refreshAt: expires - Math.min(AHEAD, (expires - now) / 5),
    expires,
  };
}

export function writeSession(data: SessionData): string {
  const { idToken, accessToken, refreshToken, startedAt, refreshAt, expires } = data;
  return JSON.stringify([idToken, accessToken, refreshToken, startedAt, refreshAt, expires]);
}

/** @param text of our own making: it was encrypted */
export function readSession(text: string): SessionData {
  const [idToken, accessToken, refreshToken, startedAt, refreshAt, expires] = JSON.parse(text) as [
    string,
    string,
    string,
    number,
    number,
    number,
  ];
  return { idToken, accessToken, refreshToken, startedAt, refreshAt, expires };
}
