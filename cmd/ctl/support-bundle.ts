/** `gatewayctl support-bundle`: what somebody who helps has to see, in one JSON document, without what opens a door. */
import { writeFile } from 'node:fs/promises';
import { redacted } from '../../pkg/admin/views.ts';
import { GATEWAY_API_GROUP, KINDS, type Kind, OUR_GROUP } from '../../pkg/api/kinds.ts';
import type { KubeObject } from '../../pkg/api/object.ts';
import { version } from '../../pkg/config/version.ts';
import type { KubeApi } from '../../pkg/kube/api.ts';
import type { Command } from './command.ts';
import { type Loaded, load } from './load.ts';
import { type Place, placeOf, placeOptions } from './place.ts';
import { redactObject, redactValue } from './redact.ts';

export const supportBundle: Command = {
  name: 'support-bundle',
  positionals: ['[DIR]'],
  summary: 'Collect objects, statuses and versions for somebody who helps; secrets and logs are left out.',
  outputs: ['json'],
  options: { ...placeOptions, file: { type: 'string', value: 'FILE', summary: 'Write it there, not to the terminal' } },
  async run(args, print) {
    const place = placeOf(args, args.positionals[0] ?? '');
    const loaded = await load(place);
    const text = `${JSON.stringify({ ...bundleOf(loaded), cluster: await clusterFacts(place) }, null, 1)}\n`;
    const file = args.strings['file']?.[0];
    if (file === undefined) print(text);
    else {
      await writeFile(file, text);
      print(
        `${file}: ${Buffer.byteLength(text)} bytes. Look through it before you send it: names of hosts and objects are in it.\n`,
      );
    }
    return 0;
  },
};

function bundleOf({ snapshot, statuses, problems, ir, scope }: Loaded): Record<string, unknown> {
  const objects = (Object.keys(KINDS) as Kind[])
    .flatMap((kind): readonly KubeObject[] => snapshot.list(kind))
    .filter(({ metadata }) => scope.includes(metadata.namespace));
  return {
    gatewayctl: { version, node: process.version, platform: `${process.platform}-${process.arch}` },
    time: new Date().toISOString(),
    scope: scope.namespace === '' ? 'all namespaces' : scope.namespace,
    problems,
    // What this gatewayctl makes of the objects; what the gateway wrote stands in cluster.statuses.
    expected: statuses.filter(({ ref }) => scope.includes(ref.namespace)),
    objects: objects.map(redactObject),
    ir: redactValue(redacted(ir), ''),
  };
}

/** What only the API server knows. A part that may not be read says so, and the others are there. */
async function clusterFacts(place: Place): Promise<unknown> {
  if (place.directory !== null) return undefined;
  const { openCluster } = await import('./cluster.ts');
  const { api, server } = openCluster(place);
  try {
    const [kubernetes, crds, pods, leases, events] = await Promise.all([
      read(api, '/version'),
      read(api, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'),
      read(api, '/api/v1/pods', 'app.kubernetes.io/name=suuupra-gateway'),
      read(api, '/apis/coordination.k8s.io/v1/leases', 'app.kubernetes.io/managed-by=suuupra-gateway'),
      read(api, '/api/v1/events', '', 'reportingComponent=suuupra-gateway'),
    ]);
    const statuses = await Promise.all(
      (Object.keys(KINDS) as Kind[])
        .filter(hasStatus)
        .map(async (kind) => [kind, await statusesOf(api, kind)] as const),
    );
    return {
      server,
      kubernetes,
      definitions: itemsOf(crds).filter(isOurs).map(definitionOf),
      pods: redactValue(itemsOf(pods), ''),
      leases: redactValue(itemsOf(leases), ''),
      events: redactValue(itemsOf(events), ''),
      statuses: Object.fromEntries(statuses),
    };
  } finally {
    await api.close();
  }
}

async function read(api: KubeApi, path: string, labels = '', fields = ''): Promise<unknown> {
  const query = {
    ...(labels === '' ? {} : { labelSelector: labels }),
    ...(fields === '' ? {} : { fieldSelector: fields }),
  };
  return api
    .send({ method: 'GET', path, query })
    .catch((error: unknown) => ({ error: Error.isError(error) ? error.message : String(error) }));
}

async function statusesOf(api: KubeApi, kind: Kind): Promise<unknown> {
  const { group, versions, plural } = KINDS[kind];
  const list = await read(api, `/apis/${group}/${versions[0]}/${plural}`);
  const items = itemsOf(list).map(({ metadata, status }) => {
    const { namespace, name, generation, resourceVersion } = metadata ?? {};
    return { namespace, name, generation, resourceVersion, status };
  });
  return items.length === 0 ? list : items;
}

interface Raw {
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: unknown;
}

function itemsOf(list: unknown): readonly Raw[] {
  const { items } = (list ?? {}) as { readonly items?: readonly Raw[] };
  return items ?? [];
}

function isOurs({ spec }: Raw): boolean {
  return spec?.['group'] === GATEWAY_API_GROUP || spec?.['group'] === OUR_GROUP;
}

function definitionOf({ metadata, spec, status }: Raw): unknown {
  const { storedVersions } = (status ?? {}) as { readonly storedVersions?: unknown };
  return { name: metadata?.['name'], annotations: metadata?.['annotations'], scope: spec?.['scope'], storedVersions };
}

function hasStatus(kind: Kind): boolean {
  const { group } = KINDS[kind];
  return (group === GATEWAY_API_GROUP || group === OUR_GROUP || kind === 'Ingress') && kind !== 'ReferenceGrant';
}
