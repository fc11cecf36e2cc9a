/** The tool as users call it: what it prints and how it exits, on every example and on broken manifests. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readTries } from '../test/examples/readme.ts';

const root = join(import.meta.dirname, '..');
const broken = 'cmd/testdata/broken';
const folders = await readdir(join(root, 'examples'), { withFileTypes: true });
const examples = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** No cluster of whoever runs the tests. */
const env = { ...process.env, KUBECONFIG: join(root, 'cmd/testdata/no-kubeconfig') };

function ctl(...args: readonly string[]): Promise<Result> {
  return new Promise((resolve) => {
    // The CRDs alone are more than a mebibyte.
    const options = { cwd: root, env, maxBuffer: 16 * 1024 * 1024 };
    execFile(process.execPath, [join(root, 'cmd/gatewayctl.ts'), ...args], options, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
  });
}

describe('validate', () => {
  test('names file, line, object, field, and what to write', async () => {
    const { code, out } = await ctl('validate', broken);
    expect(code).toBe(1);
    expect(out).toMatch(/^routes\.yaml:18 HTTPRoute\/default\/typo spec\.hostname: .*hostnames/m);
    expect(out).toMatch(
      /^routes\.yaml:26 HTTPRoute\/default\/lost spec\.rules\[0\]\.backendRefs\[0\]: Service default\/payments not found/m,
    );
  });

  test('as JSON has the same problems', async () => {
    const { code, out } = await ctl('validate', broken, '-o', 'json');
    const { problems } = JSON.parse(out) as { problems: { object: string; line: number }[] };
    expect(code).toBe(1);
    expect(problems.map(({ object }) => object).sort()).toEqual(['HTTPRoute/default/lost', 'HTTPRoute/default/typo']);
  });

  // Two examples show what a mistake looks like; they say so in their manifests.
  test.each(examples)('finds in example %s just the problems it is about', async (example) => {
    const expected: Record<string, RegExp> = {
      'cross-namespace': /RefNotPermitted/,
      'gateway-policy': /securityHeaders: in force nowhere/,
      ingress: /auth-url/,
    };
    const { code, out } = await ctl('validate', `examples/${example}`);
    expect(out).toMatch(expected[example] ?? /^No problems\.\n$/);
    expect(code).toBe(expected[example] === undefined ? 0 : 1);
  });
});

describe('status', () => {
  test('names each object with a problem, what is wrong, and the fix', async () => {
    const { code, out } = await ctl('status', broken);
    expect(code).toBe(1);
    expect(out).toMatch(/^HTTPRoute\/default\/typo {2}not read$/m);
    expect(out).toMatch(
      /^HTTPRoute\/default\/lost {2}ResolvedRefs False\n +spec\.rules\[0\]\.backendRefs\[0\] +BackendNotFound: Service default\/payments not found\n +fix: create it or correct the name$/m,
    );
    expect(out).toMatch(/^2 of \d+ objects have a problem\.$/m);
  });

  test('keeps to a namespace', async () => {
    const { code, out } = await ctl('status', broken, '-n', 'elsewhere');
    expect([code, out]).toEqual([0, expect.stringMatching(/^\d+ objects in namespace elsewhere, no problems\.$/m)]);
  });
});

describe('support-bundle', () => {
  test('holds objects and statuses, and no key', async () => {
    const { code, out } = await ctl('support-bundle', 'examples/tls');
    const bundle = JSON.parse(out) as { objects: { kind: string }[] };
    expect(code).toBe(0);
    expect(bundle.objects.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['Gateway', 'Secret', 'HTTPRoute']));
    expect(out).not.toMatch(/PRIVATE KEY|LS0tLS1CRUdJTiBQUklWQVRF/);
  });
});

describe('translate', () => {
  test.each(examples)('prints example %s in every form', async (example) => {
    const directory = `examples/${example}`;
    const [ir, yaml, text, json] = await Promise.all(
      ['ir', 'yaml', 'describe', 'json'].map((form) => ctl('translate', directory, '-o', form)),
    );
    expect(Object.keys(JSON.parse(ir?.out ?? '') as object)).toContain('routes');
    expect(yaml?.out).toMatch(/^status:$/m);
    expect(text?.out).toMatch(/^Status:$/m);
    expect(Object.keys(JSON.parse(json?.out ?? '') as object)).toEqual(['objects', 'ir']);
    expect([ir, yaml, text, json].map((result) => result?.code)).toEqual([0, 0, 0, 0]);
  });

  test('keeps private keys to itself unless asked', async () => {
    expect((await ctl('translate', 'examples/tls', '-o', 'ir')).out).not.toContain('PRIVATE KEY');
    expect((await ctl('translate', 'examples/tls', '-o', 'ir', '--keys')).out).toContain('PRIVATE KEY');
  });
});

describe('route', () => {
  const url = 'http://shop.example.com/orders/1';

  test('says what serves a request, and why the others lost', async () => {
    const { code, out } = await ctl('route', 'examples/quickstart', 'GET', url, '-H', 'Cookie: beta=1');
    expect(code).toBe(0);
    expect(out).toMatch(/^Served by GatewayRoute\/shop\/canary rule 0 \(beta-testers\)\.$/m);
    expect(out).toMatch(/HTTPRoute\/shop\/shop\[0\] .*beaten.*more cookie matches/);
  });

  test.each(examples)('agrees with what the README of example %s says', async (example) => {
    const tries = readTries(await readFile(join(root, 'examples', example, 'README.md'), 'utf8'));
    const [first] = tries.filter(({ method }) => method === 'GET');
    const headers = Object.entries(first?.headers ?? {}).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
    const args = ['route', `examples/${example}`, 'GET', first?.url.href ?? '', ...headers];
    const [text, json] = await Promise.all([ctl(...args), ctl(...args, '-o', 'json')]);
    expect(text.out).toMatch(/^Served by /);
    expect(JSON.parse(json.out)).toMatchObject({ rule: { index: expect.any(Number) } });
    expect([text.code, json.code]).toEqual([0, 0]);
  });

  test('says why a path that two rules could claim is refused', async () => {
    const { code, out } = await ctl('route', 'examples/paths', 'GET', 'http://shop.example.com/admin;x=1');
    expect(code).toBe(1);
    expect(out).toMatch(
      /^400 path-ambiguous: rule 1 of HTTPRoute\/shop\/shop serves \/admin;x=1, but not .*: \/admin\. /m,
    );
  });

  test('exits with 1 when nothing serves it', async () => {
    const { code, out } = await ctl(
      'route',
      'examples/quickstart',
      'GET',
      'http://shop.example.com/nothing',
      '-o',
      'json',
    );
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ rule: null, summary: expect.stringContaining('404') });
  });
});

test('crds prints every kind of ours', async () => {
  const { code, out } = await ctl('crds');
  expect(code).toBe(0);
  expect(out.match(/^ {4}kind: \w+$/gm)).toEqual([
    '    kind: GatewayRoute',
    '    kind: GatewayPolicy',
    '    kind: Backend',
    '    kind: GatewayClassConfig',
    '    kind: APIKey',
  ]);
  expect((JSON.parse((await ctl('crds', '-o', 'json')).out) as { items: object[] }).items).toHaveLength(5);
});

describe('apikey', () => {
  const manifests = 'cmd/testdata/apikeys';

  test('create prints the manifest, and the key beside it', async () => {
    const { code, out, err } = await ctl(
      'apikey',
      'create',
      manifests,
      'new',
      '-n',
      'shop',
      '--scope',
      'a',
      '-l',
      'tier=gold',
    );
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^apiVersion: gateway\.suuupra\.io\/v1alpha1\nkind: APIKey\n/),
    ]);
    const [key = ''] = err.match(/^gwk_\w+$/m) ?? [];
    expect(key).toHaveLength(65);
    expect(out).not.toContain(key);
    expect(err).toContain('The key is shown this once');
  });

  test('create -o json is for programs', async () => {
    const { out } = await ctl(
      'apikey',
      'create',
      manifests,
      'new',
      '--expires',
      '2099-01-01',
      '--prefix',
      'acme',
      '-o',
      'json',
    );
    expect(JSON.parse(out)).toMatchObject({
      key: expect.stringMatching(/^acme_k[0-9a-f]{10}_/),
      object: {
        metadata: { name: 'new', namespace: 'default' },
        spec: { subject: 'new', keys: [{ expires: '2099-01-01T00:00:00Z' }] },
      },
    });
  });

  test('rotate and revoke print the manifest as it is then', async () => {
    const rotated = await ctl('apikey', 'rotate', manifests, 'partner', '--end-others', '2026-12-31', '-o', 'json');
    expect(JSON.parse(rotated.out)).toMatchObject({
      object: {
        metadata: { name: 'partner', namespace: 'shop', labels: { tier: 'gold' } },
        spec: { keys: [{ id: 'k7f3a9c21', expires: '2026-12-31T00:00:00Z' }, {}] },
      },
    });
    const revoked = await ctl('apikey', 'revoke', manifests, 'partner');
    expect(revoked.out).toMatch(/^ {2}suspended: true$/m);
    expect(revoked.err).toBe('APIKey shop/partner: every key is refused now.\n');
  });

  test('list shows ids, states and no hash', async () => {
    const { out } = await ctl('apikey', 'list', manifests);
    expect(out).toMatch(/^ +shop\/partner +partner-a +orders\.read +k7f3a9c21 +active$/m);
    expect(out).toMatch(/^ +shop\/old +old +k0000 +expired +2020-01-01T00:00:00Z$/m);
    expect(out).not.toContain('sha256');
  });

  test.each([
    [['create', manifests, 'partner', '-n', 'shop'], /there is an APIKey shop\/partner/],
    [['rotate', manifests, 'nobody'], /there is no APIKey nobody/],
    [['revoke', manifests, 'partner', '--key', 'k1'], /has no key k1; it has k7f3a9c21/],
    [['create', manifests, 'a', '--expires', 'soon'], /"soon" is no time/],
    [['create', manifests, 'a', '--prefix', 'A_B'], /--prefix A_B/],
    [['create', manifests, 'a', '--label', 'gold'], /write NAME=VALUE/],
    [['create', manifests, 'A b'], /metadata\.name/],
    [[], /no command "apikey"/],
  ])('%j is refused with what to write', async (args, message) => {
    const { code, out, err } = await ctl('apikey', ...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
  });
});

describe('usage', () => {
  test.each([
    [['frobnicate'], /no command "frobnicate"/],
    [['validate'], /no cluster to ask: .*; name a DIR/],
    [['route', 'GET'], /takes \[DIR\] METHOD URL/],
    [['status', '--kubeconfig', 'no/such/file'], /no cluster to ask: .*no\/such\/file/],
    [['validate', 'no/such/folder'], /not a directory/],
    [['validate', broken, '-o', 'xml'], /prints text, json/],
    [['route', broken, 'GET', 'shop.example.com'], /is no URL/],
    [['route', broken, 'GET', 'http://a/', '-H', 'nonsense'], /Name: value/],
  ])('%j is refused with exit code 2', async (args, message) => {
    const { code, err } = await ctl(...args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  test.each([[[]], [['validate']], [['translate']], [['route']], [['crds']], [['status']], [['support-bundle']]])(
    '%j --help explains',
    async (args) => {
      const { code, out } = await ctl(...args, '--help');
      expect(code).toBe(0);
      expect(out).toContain('gatewayctl');
    },
  );
});
