/**
 * Writes pkg/api/structural/*.json from the CRDs of Gateway API: `node scripts/structural.ts FOLDER`, where FOLDER is
 * `config/crd/experimental` of the Go module sigs.k8s.io/gateway-api (experimental holds every field).
 * Run by hand when the version of Gateway API changes; the result is committed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const PLURALS = ['gatewayclasses', 'gateways', 'httproutes', 'listenersets', 'referencegrants'];
const TARGET = join(import.meta.dirname, '../pkg/api/structural');

interface Crd {
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly storage: boolean; readonly schema: { readonly openAPIV3Schema: Json } }[];
  };
}
type Json = { readonly [key: string]: unknown };

function specOf(crd: Crd): Json {
  const stored = crd.spec.versions.find((version) => version.storage);
  if (stored === undefined) throw new Error(`${crd.spec.names.kind} has no stored version`);
  const properties = stored.schema.openAPIV3Schema['properties'] as Record<string, Json>;
  return withoutDescriptions(properties['spec'] ?? {}) as Json;
}

/** Facts only: no descriptions, and no `oneOf`/`not`, which stand for address formats that gateway-rules.ts checks. */
function withoutDescriptions(schema: unknown, isNames = false): unknown {
  if (Array.isArray(schema)) return schema.map((item) => withoutDescriptions(item));
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).filter(([key]) => isNames || !['description', 'oneOf', 'not'].includes(key));
  return Object.fromEntries(
    entries.map(([key, value]) => [
      key,
      ['default', 'enum'].includes(key) && !isNames
        ? value
        : withoutDescriptions(value, key === 'properties' && !isNames),
    ]),
  );
}

const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: node scripts/structural.ts FOLDER');
for (const plural of PLURALS) {
  const crd = parse(readFileSync(join(folder, `gateway.networking.k8s.io_${plural}.yaml`), 'utf8')) as Crd;
  writeFileSync(join(TARGET, `${crd.spec.names.kind.toLowerCase()}.json`), `${JSON.stringify(specOf(crd), null, 1)}\n`);
}
