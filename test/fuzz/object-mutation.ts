/** Damages a manifest: values, keys and lists, some plausible (from other manifests), some hostile. Used by part `objects`. */
import type { Random } from './random.ts';

type Json = unknown;

/** A value of some manifest and the key it stood under, so that it can be put where that key stands again. */
export interface Donor {
  readonly key: string;
  readonly value: Json;
}

const hostile: readonly Json[] = [
  null,
  '',
  0,
  -1,
  1.5,
  1e300,
  2_147_483_648,
  65_536,
  99_999,
  true,
  false,
  'a',
  'A',
  '*',
  '*.',
  '*.example.com',
  '/',
  '//',
  '/a//b',
  '/a/../b',
  '/%2e%2e/',
  '%',
  '10s',
  '0s',
  '-1s',
  '1h1',
  '9999999h',
  [],
  {},
  [null],
  [[]],
  [{}],
  { a: 1 },
  'x'.repeat(300),
  'x'.repeat(5_000),
  '\0',
  '\ud800',
  '\u202e',
  'a\nb',
  '\r\nX: y',
  '(',
  '(a+)+$',
  '[a',
  '(?=a)',
  '.*',
  'a.b.c',
  'a..b',
  '-a',
  'a-',
  '127.0.0.1',
  '::1',
  '169.254.169.254',
  '0.0.0.0/0',
  'fe80::1%eth0',
  'localhost',
  'kubernetes.default.svc',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '{{ .Values }}',
  '$(NAME)',
  '${a}',
  '../../etc/passwd',
  '/var/run/docker.sock',
  'Exact',
  'PathPrefix',
  'RegularExpression',
  'ReplaceFullPath',
  'HTTP',
  'HTTPS',
  'TCP',
  'TLS',
  'Terminate',
  'Passthrough',
  'Same',
  'All',
  'Selector',
  'Service',
  'Secret',
  'Gateway',
  'v1',
  'gateway.networking.k8s.io/v1',
  '2001-01-01T00:00:00Z',
  80,
  443,
  8080,
  1,
  100,
  301,
  200,
  599,
  1_000_001,
  '080',
  '1e3',
  'yes',
  'true',
  'null',
  'Y2E=',
  '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
]; // a table of single values
const keys = [
  'name',
  'namespace',
  'type',
  'path',
  'value',
  'filters',
  'cors',
  'urlRewrite',
  'requestRedirect',
  'requestMirror',
  'tls',
  'port',
  'spec',
  'rules',
  'matches',
  'backendRefs',
  'weight',
  'hostname',
  'hostnames',
  'parentRefs',
  'sectionName',
  'group',
  'kind',
  'timeouts',
  'retry',
  'constructor',
  '__proto__',
  'toString',
  '',
];

/** Changes one to four things in `root`. */
export function mutateObject(root: object, random: Random, donors: readonly Donor[]): void {
  for (let i = random.chance(1, 3) ? 1 + random.below(4) : 1; i > 0; i--) mutateOnce(root, random, donors);
}

function mutateOnce(root: object, random: Random, donors: readonly Donor[]): void {
  const { spec } = root as { readonly spec?: unknown };
  const start = typeof spec === 'object' && spec !== null && random.chance(4, 5) ? spec : root;
  const { parent, key } = descend(start, random);
  const old = Object.hasOwn(parent, key) ? parent[key] : undefined;
  switch (random.below(12)) {
    case 0:
      set(parent, key, structuredClone(random.pick(hostile)));
      return;
    case 1:
    case 2:
    case 3:
    case 10:
    case 11: {
      // Of the same key elsewhere: often valid, and then it means something else.
      const same = donors.filter((donor) => donor.key === key);
      set(parent, key, structuredClone(same.length > 0 ? random.pick(same).value : random.pick(hostile)));
      return;
    }
    case 4:
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete parent[key];
      return;
    case 5:
      set(parent, random.pick(keys), structuredClone(random.pick(donors).value));
      return;
    case 6:
      if (Array.isArray(old)) repeat(old, random);
      else set(parent, key, [structuredClone(old ?? null)]);
      return;
    case 7:
      if (typeof old === 'string') set(parent, key, spoil(old, random));
      else if (typeof old === 'number')
        set(parent, key, random.pick([old + 1, -old, old * 1_000, 0, old + 0.5, String(old)]));
      else set(parent, key, structuredClone(random.pick(hostile)));
      return;
    case 8: {
      const donor = random.pick(donors);
      set(parent, donor.key, structuredClone(donor.value));
      return;
    }
    default:
      if (Array.isArray(old) && old.length > 1) old.reverse();
      else if (typeof old === 'string') set(parent, key, spoil(old, random));
      else set(parent, key, structuredClone(random.pick(hostile)));
  }
}

/** A place in the tree, mostly deep. */
function descend(root: object, random: Random): { parent: Record<string, Json>; key: string } {
  let parent = root as Record<string, Json>;
  for (;;) {
    const names = Object.keys(parent);
    const key = names.length === 0 ? random.pick(keys) : random.pick(names);
    const child = Object.hasOwn(parent, key) ? parent[key] : undefined;
    if (typeof child !== 'object' || child === null || random.chance(1, 6)) return { parent, key };
    parent = child as Record<string, Json>;
  }
}

// A plain assignment to `__proto__` would set the prototype, which no parser does; nor does one give a list a named member.
function set(parent: Record<string, Json>, key: string, value: Json): void {
  if (Array.isArray(parent) && !/^[0-9]+$/.test(key)) {
    parent.push(value);
    return;
  }
  Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

function repeat(list: Json[], random: Random): void {
  if (list.length === 0) return;
  for (let i = random.pick([1, 1, 2, 10, 70]); i > 0; i--) list.push(structuredClone(random.pick(list)));
}

function spoil(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  const put = random.pick([
    '',
    ' ',
    '.',
    '-',
    '/',
    '*',
    '%',
    '\n',
    '\0',
    'A',
    '0',
    '..',
    '//',
    ':',
    '"',
    '\\',
    '(',
    '?',
    '#',
    'ä',
    '_',
  ]);
  return text.slice(0, at) + put + text.slice(at + random.below(2));
}
