/** Our CustomResourceDefinitions, from the schemas. Used by `make generate`, which writes crds/, and by `gatewayctl crds`. */
import { stringify } from 'yaml';
import manifest from '../../package.json' with { type: 'json' };
import { KINDS, type Kind, OUR_GROUP } from './kinds.ts';
import { SCHEMAS } from './schemas.ts';
import {
  apiKeyStatus,
  backendStatus,
  gatewayClassConfigStatus,
  gatewayPolicyStatus,
  gatewayRouteStatus,
} from './status-structural.ts';
import type { StructuralSchema } from './structural.ts';

export type OwnKind = 'GatewayRoute' | 'GatewayPolicy' | 'Backend' | 'GatewayClassConfig' | 'APIKey';

interface Column {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'date';
  readonly jsonPath: string;
  /** 1: with `-o wide` only. */
  readonly priority?: number;
}

interface OwnKindFacts {
  readonly description: string;
  readonly shortName: string;
  readonly categories: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly columns: readonly Column[];
  readonly status: StructuralSchema;
}

/** The release a CRD comes from: the chart of the CRDs refuses to put an older one over a newer one. */
const BUNDLE_VERSION = `${OUR_GROUP}/bundle-version`;

const AGE: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

export const OWN_KINDS: Readonly<Record<OwnKind, OwnKindFacts>> = {
  GatewayRoute: {
    description:
      'GatewayRoute is a strict superset of HTTPRoute: every HTTPRoute spec is valid here unchanged, and means the same.',
    shortName: 'gwr',
    categories: ['suuupra', 'gateway-api'],
    columns: [
      column('Hostnames', '.spec.hostnames'),
      column('Accepted', '.status.summary.accepted'),
      column('Rules', '.status.summary.rules'),
      column('Programmed', '.status.summary.programmed'),
      column('Reason', '.status.summary.reason'),
      column('Parents', '.status.summary.parents', 1),
      AGE,
    ],
    status: gatewayRouteStatus,
  },
  GatewayPolicy: {
    description:
      'GatewayPolicy protects and shapes what its targets serve; what it says is inherited by all that is attached to them (GEP-713).',
    shortName: 'gwp',
    categories: ['suuupra', 'gateway-api'],
    labels: { 'gateway.networking.k8s.io/policy': 'Inherited' },
    columns: [
      column('Targets', '.status.summary.targets'),
      column('Keys', '.status.summary.keys'),
      column('Mode', '.status.summary.mode'),
      column('Accepted', '.status.summary.accepted'),
      column('Enforced', '.status.summary.enforced'),
      column('Routes', '.status.affectedRoutes', 1),
      column('Reason', '.status.summary.reason', 1),
      AGE,
    ],
    status: gatewayPolicyStatus,
  },
  Backend: {
    description: 'Backend says how the gateway connects to what a Service cannot describe.',
    shortName: 'gwbe',
    categories: ['suuupra'],
    columns: [
      column('Type', '.spec.type'),
      column('Address', '.status.summary.address'),
      column('Accepted', '.status.summary.accepted'),
      column('Health', '.status.health'),
      AGE,
    ],
    status: backendStatus,
  },
  GatewayClassConfig: {
    description: 'GatewayClassConfig holds the settings of a GatewayClass or IngressClass that refers to it.',
    shortName: 'gwcc',
    categories: ['suuupra'],
    columns: [column('Used-By', '.status.summary.usedBy'), column('Accepted', '.status.summary.accepted'), AGE],
    status: gatewayClassConfigStatus,
  },
  APIKey: {
    description:
      'APIKey is a client of an API with the keys that it may show. Only policies of its namespace select it.',
    shortName: 'gwkey',
    categories: ['suuupra'],
    columns: [
      column('Subject', '.spec.subject'),
      column('Scopes', '.spec.scopes'),
      column('Active', '.status.summary.active'),
      // A string: kubectl prints a date that is to come as <invalid>.
      column('Expires', '.status.nextExpiry'),
      { name: 'Suspended', type: 'boolean', jsonPath: '.spec.suspended' },
      AGE,
    ],
    status: apiKeyStatus,
  },
};

/** The CRD of `kind` as an object; apply it server-side, since it is too large for kubectl's last-applied annotation. */
export function crdOf(kind: OwnKind): object {
  const { group, versions, plural, namespaced } = KINDS[kind];
  const { description, shortName, categories, labels, columns, status } = OWN_KINDS[kind];
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      annotations: { [BUNDLE_VERSION]: manifest.version },
      ...(labels && { labels }),
    },
    spec: {
      group,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [shortName],
        categories,
      },
      scope: namespaced ? 'Namespaced' : 'Cluster',
      versions: versions.map((name, index) => ({
        name,
        served: true,
        storage: index === 0,
        subresources: { status: {} },
        additionalPrinterColumns: columns,
        schema: { openAPIV3Schema: rootSchema(kind, description, status) },
      })),
    },
  };
}

/** YAML of all our CRDs, for `kubectl apply --server-side -f -`. */
export function printCrds(): string {
  return (Object.keys(OWN_KINDS) as OwnKind[]).map(crdYaml).join('---\n');
}

export function crdYaml(kind: OwnKind): string {
  const header = '# Generated by `make generate` from pkg/api: do not edit.\n';
  // 1.1, as the API server reads it: then `y` and `off` come out quoted.
  return header + stringify(crdOf(kind), { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}

function rootSchema(kind: Kind, description: string, status: StructuralSchema): StructuralSchema {
  const { required = [], properties } = SCHEMAS[kind];
  return {
    description,
    type: 'object',
    required,
    properties: {
      apiVersion: { type: 'string', description: 'Version of this representation.' },
      kind: { type: 'string', description: 'Kind of the object.' },
      metadata: { type: 'object' },
      ...properties,
      status,
    },
  };
}

function column(name: string, jsonPath: string, priority?: number): Column {
  return { name, type: 'string', jsonPath, ...(priority !== undefined && { priority }) };
}
