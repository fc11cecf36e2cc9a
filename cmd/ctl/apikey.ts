/** `gatewayctl apikey …`: makes, rotates, revokes and lists API keys. A key is shown once; objects hold its hash. */
import { randomBytes } from 'node:crypto';
import {
  type APIKeyManifest,
  type Minted,
  type Minting,
  momentOf,
  newAPIKey,
  suspended,
  withNewKey,
  withoutKey,
} from './apikey-edit.ts';
import { redisStore, withRedis } from './apikey-redis.ts';
import { type APIKeyStore, clusterStore, manifestStore, type Written } from './apikey-store.ts';
import { type Command, type CommandArgs, columns, UsageError } from './command.ts';
import { load } from './load.ts';
import { placeOf, placeOptions, scopeOf } from './place.ts';

const { observe: _, 'all-namespaces': everywhere, ...placed } = placeOptions;
const place = {
  ...placed,
  redis: {
    type: 'string',
    value: 'URL',
    summary:
      'Keys of `source: Redis`: redis://host:port/database or rediss://; password in REDISCLI_AUTH, namespace default without -n',
  },
} as const;
const minting = {
  expires: {
    type: 'string',
    value: 'TIME',
    summary: 'When the key expires: 90d, 12h or 2027-02-01T00:00:00Z; default never',
  },
  prefix: {
    type: 'string',
    value: 'WORD',
    summary: 'First part of the key, for scanners of leaked secrets; default gwk',
  },
} as const;

const create: Command = {
  name: 'apikey create',
  positionals: ['[DIR]', 'NAME'],
  summary: 'Make an APIKey with one key and show the key; with DIR print the manifest, and the key beside it (stderr).',
  outputs: ['text', 'json'],
  options: {
    ...place,
    subject: { type: 'string', value: 'WHO', summary: 'Who the client is; default NAME' },
    scope: { type: 'string', multiple: true, value: 'SCOPE', summary: 'What it may do; may be repeated' },
    metadata: { type: 'string', multiple: true, value: 'NAME=VALUE', summary: 'More about it; may be repeated' },
    label: {
      type: 'string',
      short: 'l',
      multiple: true,
      value: 'NAME=VALUE',
      summary: 'Label, for selectors of policies',
    },
    ...minting,
  },
  run: (args, print, tell) =>
    withStore(args, async (store) => {
      const [, name = ''] = args.positionals;
      const { scope = [], metadata = [], label = [], subject: [subject = name] = [] } = args.strings;
      const facts = {
        subject,
        ...(scope.length > 0 && { scopes: scope }),
        ...(metadata.length > 0 && { metadata: pairsOf(metadata, '--metadata') }),
        labels: pairsOf(label, '--label'),
      };
      const minted = newAPIKey(name, store.namespace, facts, mintingOf(args));
      show(args, minted, await store.create(minted.object), 'is made', print, tell);
    }),
};

const rotate: Command = {
  name: 'apikey rotate',
  positionals: ['[DIR]', 'NAME'],
  summary: 'Add a key and show it; the keys before it go on until they expire, are revoked, or --end-others.',
  outputs: ['text', 'json'],
  options: {
    ...place,
    ...minting,
    'end-others': { type: 'string', value: 'TIME', summary: 'When the keys before it end: 24h, 7d or a time' },
  },
  run: (args, print, tell) =>
    withStore(args, async (store) => {
      const now = Date.now();
      const end = args.strings['end-others']?.[0];
      const object = await store.get(args.positionals[1] ?? '');
      const times = { now, endOthers: end === undefined ? undefined : momentOf(end, now) };
      const minted = withNewKey(object, mintingOf(args), times);
      show(args, minted, await store.replace(minted.object), 'has another key', print, tell);
    }),
};

const revoke: Command = {
  name: 'apikey revoke',
  positionals: ['[DIR]', 'NAME'],
  summary: 'Remove one key of an APIKey, or suspend all of them; gateways refuse it at once.',
  outputs: ['text', 'json'],
  options: {
    ...place,
    key: { type: 'string', value: 'ID', summary: 'This key alone; default all, by spec.suspended' },
  },
  run: (args, print, tell) =>
    withStore(args, async (store) => {
      const object = await store.get(args.positionals[1] ?? '');
      const id = args.strings['key']?.[0];
      const changed = id === undefined ? suspended(object) : withoutKey(object, id);
      const written = await store.replace(changed);
      const what = changed.spec.suspended ? 'every key is refused now' : `key ${id} is refused now`;
      if (args.output === 'json') print(`${JSON.stringify({ object: changed }, null, 2)}\n`);
      else if (written.kind === 'manifest') print(written.text);
      (written.kind === 'manifest' || args.output === 'json' ? tell : print)(`APIKey ${nameOf(changed)}: ${what}.\n`);
    }),
};

const list: Command = {
  name: 'apikey list',
  positionals: ['[DIR]'],
  summary: 'List keys with their clients, scopes and times.',
  outputs: ['text', 'json'],
  options: { ...place, 'all-namespaces': everywhere! },
  run: (args, print) =>
    withStore(args, async (store) => {
      const rows = (await store.list()).flatMap((object) => rowsOf(object, Date.now()));
      const header = ['APIKEY', 'SUBJECT', 'SCOPES', 'KEY', 'STATE', 'EXPIRES'];
      if (args.output === 'json') print(`${JSON.stringify({ keys: rows }, null, 2)}\n`);
      else if (rows.length === 0) print('No API keys.\n');
      else print(columns([header, ...rows.map((row) => Object.values(row))]));
    }),
};

export const apiKeyCommands: readonly Command[] = [create, rotate, revoke, list];

async function withStore(args: CommandArgs, act: (store: APIKeyStore) => Promise<void>): Promise<number> {
  const where = placeOf(args, args.positionals[0] ?? '');
  const redis = args.strings['redis']?.[0];
  if (redis !== undefined) {
    if (where.directory !== null) throw new UsageError('keys are in DIR or in Redis: leave out one of them');
    if (args.strings['label'] !== undefined)
      throw new UsageError('--label is for selectors of objects; keys in Redis have none');
    await withRedis(redis, (client) => act(redisStore(client, where.namespace ?? 'default', where.everywhere)));
    return 0;
  }
  if (where.directory !== null) {
    const { snapshot } = await load(where);
    await act(manifestStore(snapshot, where.namespace));
    return 0;
  }
  // Loaded when needed: reading a kubeconfig takes half a second of code.
  const { openCluster } = await import('./cluster.ts');
  const { api, namespace } = openCluster(where);
  try {
    await act(clusterStore(api, scopeOf({ ...where, everywhere: false }, namespace).namespace, where.everywhere));
    return 0;
  } finally {
    await api.close();
  }
}

/** The key goes to stdout, alone, unless a manifest has to be there: `KEY=$(gatewayctl apikey create partner)`. */
function show(
  { output }: CommandArgs,
  { object, key, id }: Minted,
  written: Written,
  what: string,
  print: (text: string) => void,
  tell: (text: string) => void,
): void {
  if (output === 'json') print(`${JSON.stringify({ key, id, object }, null, 2)}\n`);
  else if (written.kind === 'stored') print(`${key}\n`);
  else {
    print(written.text);
    tell(`${key}\n`);
  }
  tell(`APIKey ${nameOf(object)} ${what}: ${id}. The key is shown this once; nobody can show it again.\n`);
}

function mintingOf({ strings }: CommandArgs): Minting {
  const [prefix = 'gwk'] = strings['prefix'] ?? [];
  if (!/^[a-z][a-z0-9]{0,15}$/.test(prefix))
    throw new UsageError(`--prefix ${prefix}: use at most 16 lower case letters and digits, a letter first`);
  const expires = strings['expires']?.[0];
  return {
    prefix,
    random: randomBytes,
    expires: expires === undefined ? undefined : momentOf(expires, Date.now()),
  };
}

function pairsOf(texts: readonly string[], option: string): Readonly<Record<string, string>> {
  const pairs = texts.map((text) => {
    const equals = text.indexOf('=');
    if (equals < 1) throw new UsageError(`${option} ${text}: write NAME=VALUE`);
    return [text.slice(0, equals), text.slice(equals + 1)] as const;
  });
  return Object.fromEntries(pairs);
}

function rowsOf(object: APIKeyManifest, now: number) {
  const { subject, scopes = [], suspended: isSuspended = false, keys } = object.spec;
  return keys.map(({ id, notBefore, expires }) => {
    const over = expires !== undefined && Date.parse(expires) <= now;
    const early = notBefore !== undefined && now < Date.parse(notBefore);
    const state = isSuspended ? 'suspended' : over ? 'expired' : early ? `from ${notBefore}` : 'active';
    return { apiKey: nameOf(object), subject, scopes: scopes.join(','), id, state, expires: expires ?? '' };
  });
}

function nameOf({ metadata }: APIKeyManifest): string {
  return `${metadata.namespace ?? 'default'}/${metadata.name}`;
}
