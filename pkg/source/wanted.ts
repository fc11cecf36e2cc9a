/**
 * What an object refers to that is read only if somebody refers to it: Secrets, ConfigMaps, and the endpoints of Services. Found by shape,
 * so that a new field with a reference in it needs no line here. Pure; used by `kube.ts`.
 */
import type { KubeObject } from '../api/object.ts';

const NONE: ReadonlySet<string> = new Set();

/** Ids of what `object` refers to: `Secret/shop/tls`, `ConfigMap/shop/ca`, `Service/shop/orders`. */
export function wantedBy(object: KubeObject): ReadonlySet<string> {
  if (!REFERRERS.has(object.kind)) return NONE;
  const ids = new Set<string>();
  const { namespace } = object.metadata;
  visit(object, '', namespace, ids);
  return ids;
}

/** The others are what is referred to, or refer to nothing. */
const REFERRERS: ReadonlySet<string> = new Set([
  'Gateway',
  'ListenerSet',
  'HTTPRoute',
  'GatewayRoute',
  'Ingress',
  'Backend',
  'GatewayClassConfig',
  'GatewayPolicy',
]);

/** `field`: the one that holds `value`, also of each item of a list. */
function visit(value: unknown, field: string, namespace: string, ids: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, field, namespace, ids);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const fields = value as Readonly<Record<string, unknown>>;
  note(fields, field, namespace, ids);
  for (const [name, child] of Object.entries(fields)) {
    if (name !== 'metadata' && name !== 'status') visit(child, name, namespace, ids);
  }
}

function note(fields: Readonly<Record<string, unknown>>, field: string, own: string, ids: Set<string>): void {
  // Ingress: `tls: [{hosts, secretName}]`
  if (typeof fields['secretName'] === 'string') ids.add(`Secret/${own}/${fields['secretName']}`);
  const { name } = fields;
  if (typeof name !== 'string') return;
  const namespaceOf = typeof fields['namespace'] === 'string' ? fields['namespace'] : own;
  // A policy that refers to a value by name and key says its kind by the field it stands in, which need not be known here.
  if (typeof fields['key'] === 'string' && fields['kind'] === undefined) {
    ids.add(`Secret/${namespaceOf}/${name}`);
    ids.add(`ConfigMap/${namespaceOf}/${name}`);
    return;
  }
  const kind = typeof fields['kind'] === 'string' ? fields['kind'] : kindOf(field);
  if (kind !== 'Secret' && kind !== 'ConfigMap' && kind !== 'Service') return;
  ids.add(`${kind}/${namespaceOf}/${name}`);
}

/** Of a reference that names none. */
function kindOf(field: string): string | undefined {
  switch (field) {
    case 'certificateRefs':
    case 'clientCertificateRef':
      return 'Secret';
    case 'bodyRef':
    case 'configMapRef':
      return 'ConfigMap';
    case 'backendRefs':
    case 'backendRef':
    // Ingress: `backend: {service: {name, port}}`; Backend: `service: {name}`
    case 'service':
      return 'Service';
    case 'auth':
      return 'Secret';
    default:
      return /secretRefs?$/i.test(field) ? 'Secret' : undefined;
  }
}
