/** The chart of the CRDs: nothing puts an older release over a newer one, and removing the chart takes no object of a user along. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chartOfVersion } from '../charts/other-version.ts';
import { Release, ReleaseNamespace } from '../install.ts';
import { apply, createNamespace, deleteNamespace, get, kubectl } from '../kubectl.ts';
import { run } from '../run.ts';
import { until } from '../until.ts';

const name = `${Release}-crds`;
const where = ['-n', ReleaseNamespace, '--create-namespace'];
const install = (folder: string) => run('helm', 'upgrade', '--install', name, folder, ...where);
const current = 'charts/suuupra-gateway-crds';
const plurals = ['apikeys', 'backends', 'gatewayclassconfigs', 'gatewaypolicies', 'gatewayroutes'];
const crds = plurals.map((plural) => `crd/${plural}.gateway.suuupra.io`);
const Annotation = 'gateway.suuupra.io/bundle-version';
const versions = async () => {
  const all = await Promise.all(crds.map((crd) => get<{ metadata: { annotations: object } }>('default', crd)));
  return all.map(({ metadata }) => (metadata.annotations as Record<string, string>)[Annotation]);
};

const example = {
  apiVersion: 'gateway.suuupra.io/v1alpha1',
  kind: 'GatewayRoute',
  metadata: { name: 'kept' },
  spec: { parentRefs: [{ name: 'none' }], rules: [{}] },
};

beforeAll(async () => {
  await createNamespace('crd-chart');
  await install(current);
  await apply('crd-chart', example);
});

afterAll(async () => {
  await run('helm', 'uninstall', name, ...where.slice(0, 2)).catch(() => '');
  // Without its policy the chart may go back, once the version is taken off. The API server forgets the policy a moment later.
  for (const crd of crds) await until('the version comes off', () => kubectl(['annotate', crd, `${Annotation}-`]), 10);
  await install(current);
  await deleteNamespace('crd-chart');
});

describe('a newer release is installed', () => {
  beforeAll(async () => {
    using newer = chartOfVersion('suuupra-gateway-crds', '9.1.10');
    await install(newer.folder);
  });

  test('its version is on every CRD', async () => {
    expect(await versions()).toEqual(crds.map(() => '9.1.10'));
  });

  test('helm upgrade to an older chart says what to install instead', async () => {
    await expect(install(current)).rejects.toThrow(/CRDs of release 9\.1\.10 .*newer than 0\.1\.0 of this chart/);
  });

  test('helm rollback is refused by the API server', async () => {
    await expect(run('helm', 'rollback', name, '1', ...where.slice(0, 2))).rejects.toThrow(
      /are never downgraded: release 9\.1\.10 is installed, this is 0\.1\.0/,
    );
    expect(await versions()).toEqual(crds.map(() => '9.1.10'));
  });

  test('so is kubectl apply of older files, and of files that say no version', async () => {
    const older = kubectl(['apply', '--server-side', '--force-conflicts', '-f', 'crds']);
    await expect(older).rejects.toThrow(/are never downgraded/);
    await expect(kubectl(['annotate', crds[0] ?? '', `${Annotation}-`])).rejects.toThrow(/this is 0\.0\.0/);
  });

  test('versions are compared as numbers', async () => {
    using older = chartOfVersion('suuupra-gateway-crds', '9.1.9');
    await expect(install(older.folder)).rejects.toThrow(/newer than 9\.1\.9/);
    using newer = chartOfVersion('suuupra-gateway-crds', '9.10.0');
    await install(newer.folder);
    expect(await versions()).toEqual(crds.map(() => '9.10.0'));
  });
});

test('helm uninstall keeps the CRDs and the objects, and a new install takes them over', async () => {
  await run('helm', 'uninstall', name, ...where.slice(0, 2));
  expect(await get('crd-chart', 'gatewayroute/kept')).toMatchObject({ spec: example.spec });
  using again = chartOfVersion('suuupra-gateway-crds', '9.10.1');
  await install(again.folder);
  expect(await versions()).toEqual(crds.map(() => '9.10.1'));
});
