/** Data-plane half of Basic. */
import { Buffer } from 'node:buffer';
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Identity } from '../identity.ts';
import { Recent } from '../recent.ts';
import type { FilterEnv } from '../runtime.ts';
import type { BasicConfig } from './basic-schema.ts';
import { ClaimFields } from './claim-fields.ts';
import { nobodyOf, type Password, parseHtpasswd } from './htpasswd.ts';
import type { Method, Outcome } from './method.ts';

/** Comparing takes up to half a second: who was right is right for so many ms, and who was wrong stays so for a moment. */
const Good = 300_000;
const Bad = 10_000;
/** Each. Apart, so that guessing does not push out those who were right. */
const Remembered = 1_024;
/** At once, per worker. One more is 503: a queue of guesses must not grow. */
const Asking = 32;
/** ms */
const Patience = 10_000;
/** bcrypt reads no more. */
const MaxPassword = 72;
const MaxCredentials = 1_024;

interface Verdict {
  /** null: wrong. */
  readonly identity: Identity | null;
  /** By `now()`. */
  readonly until: number;
}

export function createBasic(name: string, config: BasicConfig, env: FilterEnv): Method {
  const { users } = parseHtpasswd(env.secret(config.users));
  const nobody = nobodyOf(users);
  const fields = new ClaimFields(config.claimToHeaders);
  // Credentials are not kept: what is remembered names them for this filter alone, and can be guessed by nobody who sees it.
  const salt = randomBytes(32).toString('base64');
  const good = new Recent<Verdict>(Remembered);
  const bad = new Recent<Verdict>(Remembered);
  /** A browser opens several connections at once, each with the same credentials. */
  const asking = new Map<string, Promise<Outcome>>();

  // RFC 7617 2.1: "the only allowed value is "UTF-8"".
  const challenge = `Basic realm="${config.realm}", charset="UTF-8"`;
  const absent: Outcome = { kind: 'absent', challenge };
  const refused: Outcome = { kind: 'refused', challenge };
  const unavailable: Outcome = { kind: 'unavailable' };

  // A user of another file may be asked for by a method behind this one.
  const outcomeOf = (identity: Identity | null, credential: string): Outcome =>
    identity === null ? { kind: 'foreign', challenge, credential } : { kind: 'accepted', identity, credential };

  function remembered(digest: string, credential: string): Outcome | undefined {
    const verdict = good.get(digest) ?? bad.get(digest);
    return verdict === undefined || verdict.until <= env.now() ? undefined : outcomeOf(verdict.identity, credential);
  }

  async function compare(credentials: Credentials, digest: string, credential: string): Promise<Outcome> {
    const known = users.get(credentials.user);
    // An unknown user takes as long as a known one, or names could be found by the time it takes to be refused.
    const right = await matches(known ?? nobody, credentials.password, env);
    const identity = right && known !== undefined ? identityOf(name, credentials.user) : null;
    if (identity === null) bad.set(digest, { identity, until: env.now() + Bad });
    else good.set(digest, { identity, until: env.now() + Good });
    return outcomeOf(identity, credential);
  }

  return {
    name,
    cleanse: ({ request }) => fields.remove(request.headers),
    authenticate({ request }) {
      const header = request.headers.get('authorization');
      if (header === undefined || !scheme.test(header)) return absent;
      // One call, which takes a fifth of the time of an HMAC. Nothing is signed by it, so that nobody can lengthen anything.
      const digest = hash('sha256', salt + header, 'base64');
      const before = remembered(digest, header) ?? asking.get(digest);
      if (before !== undefined) return before;
      const credentials = credentialsOf(header.slice(5).trim());
      if (credentials === null) return refused;
      if (asking.size >= Asking) return unavailable;
      const answer = compare(credentials, digest, header)
        .catch(() => unavailable)
        .finally(() => asking.delete(digest));
      asking.set(digest, answer);
      return answer;
    },
    discard({ request }, credential) {
      const header = request.headers.get('authorization');
      if (header !== undefined && header !== credential && scheme.test(header)) request.headers.remove('authorization');
    },
    accepted({ request }, identity) {
      if (config.forward === 'Strip') request.headers.remove('authorization');
      fields.set(request.headers, identity);
    },
  };
}

/** RFC 9110 11.1: compared without case. Any white space counts, as it does to many backends: who sends a tab has shown a credential. */
const scheme = /^basic(?:[\s\x85]|$)/i;

interface Credentials {
  readonly user: string;
  readonly password: string;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
// eslint-disable-next-line no-control-regex
const control = /[\x00-\x1f\x7f]/;

/** @returns null for what is no base64 of a user, a colon and a password */
function credentialsOf(token: string): Credentials | null {
  // The alphabet of RFC 4648 4 alone: of the rest some decoders make bits and others nothing, so a backend might read another user.
  if (token.length > MaxCredentials || !/^[A-Za-z0-9+/]+={0,2}$/.test(token)) return null;
  const bytes = Buffer.from(token, 'base64');
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return null;
  }
  // RFC 7617 2: "The user-id and password MUST NOT contain any control characters". bcrypt would end at the first NUL.
  const colon = text.indexOf(':');
  if (colon < 1 || control.test(text)) return null;
  const password = text.slice(colon + 1);
  return Buffer.byteLength(password) > MaxPassword ? null : { user: text.slice(0, colon), password };
}

async function matches(known: Password, password: string, env: FilterEnv): Promise<boolean> {
  if (known.kind === 'slow')
    return env.services.ask({ kind: 'password', question: { hash: known.hash, password } }, Patience);
  return timingSafeEqual(hash('sha1', password, 'buffer'), Buffer.from(known.digest, 'hex'));
}

function identityOf(provider: string, user: string): Identity {
  return { method: 'Basic', provider, subject: user, tenant: '', scopes: [], roles: [], claims: { sub: user } };
}
