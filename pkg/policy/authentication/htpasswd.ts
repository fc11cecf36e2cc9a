/** Files of `htpasswd`: one `user:hash` per line. Read by both halves of Basic: what is wrong is told in translate, workers hold the users. */

export type Password =
  /** bcrypt or Apache's MD5: whoever compares it takes long. */
  | { readonly kind: 'slow'; readonly hash: string }
  /** SHA-1 of the password, hex. No salt and quick to guess: for files that exist. */
  | { readonly kind: 'sha1'; readonly digest: string };

export interface Htpasswd {
  readonly users: ReadonlyMap<string, Password>;
  /** What is wrong, line by line; never with a hash in it. */
  readonly mistakes: readonly string[];
}

/** 12 takes about 0.4 s of a core for each try; above it a few tries a second are too many. */
const MAX_COST = 12;
const bcrypt = /^\$2[aby]\$(\d\d)\$[./0-9A-Za-z]{53}$/;
const apr1 = /^\$apr1\$[./0-9A-Za-z]{1,8}\$[./0-9A-Za-z]{22}$/;
const sha1 = /^\{SHA\}([+/0-9A-Za-z]{27}=)$/;

export function parseHtpasswd(text: string): Htpasswd {
  const users = new Map<string, Password>();
  const mistakes: string[] = [];
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon));
    // A third field is a comment, as Apache has it.
    const password = colon < 1 ? 'is no user:hash' : passwordOf(line.slice(colon + 1).split(':', 1)[0] ?? '');
    if (typeof password === 'string') mistakes.push(`line ${i + 1} ${password}`);
    else if (users.has(name)) mistakes.push(`line ${i + 1} names a user for the second time`);
    else users.set(name, password);
  }
  return { users, mistakes };
}

/** @returns what is wrong, if it is a text */
function passwordOf(hash: string): Password | string {
  const cost = bcrypt.exec(hash)?.[1];
  if (cost !== undefined) {
    if (Number(cost) >= 4 && Number(cost) <= MAX_COST) return { kind: 'slow', hash };
    return `has bcrypt with cost ${Number(cost)}; use 4 to ${MAX_COST}: htpasswd -B -C 10`;
  }
  if (apr1.test(hash)) return { kind: 'slow', hash };
  const base64 = sha1.exec(hash)?.[1];
  if (base64 !== undefined) return { kind: 'sha1', digest: Buffer.from(base64, 'base64').toString('hex') };
  return 'is neither bcrypt nor $apr1$ nor {SHA}; make it with htpasswd -B';
}

/** What an unknown user is compared with: no password is right, and it takes as long as the slowest of those that are there. */
export function nobodyOf(users: ReadonlyMap<string, Password>): Password {
  const hashes = [...users.values()].flatMap((password) => (password.kind === 'slow' ? password.hash : []));
  const costs = hashes.flatMap((hash) => bcrypt.exec(hash)?.[1] ?? []);
  const highest = costs.toSorted().at(-1);
  if (highest !== undefined) return { kind: 'slow', hash: `$2b$${highest}$${'.'.repeat(53)}` };
  if (hashes.length > 0) return { kind: 'slow', hash: `$apr1$........$${'.'.repeat(22)}` };
  return { kind: 'sha1', digest: '0'.repeat(40) };
}
