/** What leaves a cluster in a support bundle: structure and names, and nothing that opens a door. Used by support-bundle.ts. */
import type { KubeObject } from '../../pkg/api/object.ts';

/** Names of header fields, cookies and parameters whose values are credentials. */
const Credential = /authorization|cookie|token|secret|passw|api-?key|x-key|session|signature/i;
const Dropped: ReadonlySet<string> = new Set(['kubectl.kubernetes.io/last-applied-configuration']);

/** Every value of a Secret and a ConfigMap becomes its size, CA bundles apart: they are public, and often what is wrong. */
export function redactObject(object: KubeObject): unknown {
  const { kind } = object;
  const whole = redactValue(object, '') as Record<string, unknown>;
  if (kind !== 'Secret' && kind !== 'ConfigMap') return whole;
  for (const field of ['data', 'stringData', 'binaryData']) {
    const data = whole[field];
    if (typeof data === 'object' && data !== null) whole[field] = redactData(data as Record<string, unknown>, kind);
  }
  return whole;
}

/** The same for any JSON: values of fields that name a credential, userinfo in URLs, annotations that repeat the object. */
export function redactValue(value: unknown, field: string): unknown {
  if (typeof value === 'string') return value.replace(/(\w+:\/\/)[^/@\s]+@/g, '$1[redacted]@');
  if (Array.isArray(value)) return value.map((item) => redactValue(item, field));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => !Dropped.has(name) && name !== 'managedFields');
  const { name } = value as { readonly name?: unknown };
  // A field of a header, cookie or parameter: `{name: authorization, value: …}`.
  const secret = typeof name === 'string' && Credential.test(name);
  return Object.fromEntries(
    entries.map(([key, child]) => [
      key,
      (secret && key === 'value') || (field === 'annotations' && Credential.test(key) && typeof child === 'string')
        ? '[redacted]'
        : redactValue(child, key),
    ]),
  );
}

function redactData(data: Readonly<Record<string, unknown>>, kind: 'Secret' | 'ConfigMap'): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => {
      if (key === 'ca.crt' && kind === 'ConfigMap') return [key, value];
      return [key, `[${typeof value === 'string' ? value.length : 0} characters]`];
    }),
  );
}
