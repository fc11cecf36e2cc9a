/** `gatewayctl sign`: a URL that the policy signedURLs lets in. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { parseDuration } from '../../pkg/api/duration.ts';
import { parseNetwork } from '../../pkg/policy/ip-set.ts';
import { type Grant, isBelow, normalizePercent, reserved } from '../../pkg/policy/signedurls/canonical.ts';
import {
  ed25519PrivateKey,
  hmacKey,
  MinSecretLength,
  type SigningKey,
  secretOf,
} from '../../pkg/policy/signedurls/key.ts';
import { signQuery } from '../../pkg/policy/signedurls/sign.ts';
import { canonicalPath, defaultPathSettings } from '../../pkg/routing/canonical.ts';
import { type Command, UsageError } from './command.ts';

export const sign: Command = {
  name: 'sign',
  positionals: ['URL'],
  summary: 'Sign a URL for the policy signedURLs.',
  outputs: ['text', 'json'],
  options: {
    'key-file': {
      type: 'string',
      value: 'FILE',
      summary: 'The shared key as text, or a private key of Ed25519 as PEM',
    },
    'key-id': { type: 'string', value: 'ID', summary: 'Its id in the policy' },
    expires: { type: 'string', value: 'DURATION', summary: 'How long the URL is valid; default 1h' },
    'not-before': { type: 'string', value: 'TIME', summary: 'Valid only from then on, such as 2026-12-01T08:00:00Z' },
    method: { type: 'string', value: 'METHOD', summary: 'Valid for this method only; default GET and HEAD' },
    ip: { type: 'string', value: 'IP|CIDR', summary: 'Valid for clients of this address or network only' },
    'path-prefix': { type: 'string', value: 'PATH', summary: 'Valid for this path and all below it, with any query' },
  },
  run({ positionals, output, strings }, print) {
    const option = (name: string): string => strings[name]?.[0] ?? '';
    const url = readUrl(positionals[0] ?? '');
    const grant: Grant = {
      keyId: keyIdOf(option('key-id')),
      ...timesOf(option('expires') || '1h', option('not-before')),
      prefix: prefixOf(option('path-prefix'), url.path),
      method: methodOf(option('method')),
      ip: networkOf(option('ip')),
    };
    const query = signQuery({ ...url, grant }, readKey(option('key-file')));
    const signed = `${url.origin}${url.path}?${query}`;
    print(output === 'json' ? `${JSON.stringify({ url: signed, ...grant }, null, 2)}\n` : `${signed}\n`);
    return Promise.resolve(0);
  },
};

interface SplitUrl {
  /** Scheme and authority, as they were written. */
  readonly origin: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

/** By hand: `URL` would rewrite paths (`%2e`, backslashes) that the gateway sees as they are. */
function readUrl(text: string): SplitUrl {
  const parts = /^(https?:\/\/([^/?#\s@]+))(\/[^?#\s]*)?(?:\?([^#\s]*))?$/i.exec(text);
  const [, origin = '', authority = '', path = '/', query = ''] = parts ?? [];
  if (parts === null || !/^[!-~]*$/.test(text))
    throw new UsageError(`"${text}" is no URL to sign; write https://HOST/PATH, escaped and without #`);
  const canonical = canonicalPath(path, defaultPathSettings);
  if (canonical === 'path-invalid') throw new UsageError(`the gateway refuses the path ${path}`);
  const taken = query.split('&').find((part) => normalizePercent(part).startsWith(reserved));
  if (taken !== undefined)
    throw new UsageError(`${taken}: parameters that begin with ${reserved} belong to the signature`);
  return { origin, host: hostOf(authority), path: canonical.forward, query };
}

function hostOf(authority: string): string {
  return authority.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
}

function keyIdOf(id: string): string {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(id)) throw new UsageError('--key-id is needed: the id of the key in the policy');
  return id;
}

function readKey(file: string): SigningKey {
  if (file === '') throw new UsageError('--key-file is needed: the shared key, or a private key of Ed25519');
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(Error.isError(error) ? error.message : String(error));
  }
  if (!text.includes('-----BEGIN')) {
    if (secretOf(text).length < MinSecretLength)
      throw new UsageError(`${file} holds less than ${MinSecretLength} characters; the gateway takes no such key`);
    return hmacKey(text);
  }
  try {
    return ed25519PrivateKey(text);
  } catch {
    throw new UsageError(`${file} holds no private key of Ed25519; make one by openssl genpkey -algorithm ed25519`);
  }
}

function timesOf(expires: string, notBefore: string): Pick<Grant, 'expires' | 'notBefore'> {
  const duration = parseDuration(expires);
  if (duration === undefined || duration < 1000)
    throw new UsageError(`--expires ${expires}: write a duration such as 30m or 24h`);
  const begin = notBefore === '' ? Date.now() : Date.parse(notBefore);
  if (Number.isNaN(begin)) throw new UsageError(`--not-before ${notBefore}: write a time such as 2026-12-01T08:00:00Z`);
  const seconds = (ms: number): string => String(Math.floor(ms / 1000));
  return { expires: seconds(begin + duration), notBefore: notBefore === '' ? '' : seconds(begin) };
}

function prefixOf(prefix: string, path: string): string {
  if (prefix === '') return '';
  const normal = normalizePercent(prefix);
  // It stands in the query as it is.
  if (!/^\/[!-~]*$/.test(normal) || /[?#&+]/.test(normal))
    throw new UsageError(`--path-prefix ${prefix}: write an escaped path, with %26 and %2B for & and +`);
  if (!isBelow(path, normal)) throw new UsageError(`--path-prefix ${prefix}: the path of the URL is not below it`);
  return normal;
}

function methodOf(method: string): string {
  if (!/^[A-Z][A-Z-]*$/.test(method || 'GET')) throw new UsageError(`--method ${method}: write a method such as PUT`);
  return method;
}

function networkOf(ip: string): string {
  if (ip !== '' && isIP(ip) === 0 && parseNetwork(ip) === null)
    throw new UsageError(`--ip ${ip}: write an address or a CIDR`);
  return ip;
}
