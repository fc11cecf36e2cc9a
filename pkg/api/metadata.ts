/** Checks metadata as the API server does: DNS rules for names, scopes, labels, annotations. */
import { type Check, compileCheck } from './checker.ts';
import { isSubdomain } from './hostname.ts';
import { KINDS, type Kind } from './kinds.ts';
import type { Metadata } from './object.ts';
import { type Findings, quote } from './problem.ts';
import type { StructuralSchema } from './structural.ts';

const TEXT: StructuralSchema = { type: 'string' };
const TEXTS: StructuralSchema = { type: 'object', additionalProperties: TEXT };
const UNREAD: StructuralSchema = { unread: true };

const structure: Check = compileCheck(
  {
    type: 'object',
    properties: {
      name: TEXT,
      namespace: TEXT,
      labels: { ...TEXTS, default: {} },
      annotations: { ...TEXTS, default: {} },
      generation: { type: 'integer', default: 1 },
      creationTimestamp: TEXT,
      uid: TEXT,
      resourceVersion: TEXT,
      generateName: TEXT,
      deletionTimestamp: UNREAD,
      deletionGracePeriodSeconds: UNREAD,
      ownerReferences: UNREAD,
      finalizers: UNREAD,
      managedFields: UNREAD,
      selfLink: UNREAD,
    },
  },
  { nullIsAbsent: true },
);

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const NAME_PART = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
/** Kinds whose names are one DNS label, since they become part of DNS names; others are DNS subdomains. */
const LABEL_NAMED: ReadonlySet<Kind> = new Set<Kind>(['Service', 'Namespace']);

/** "total size of all annotations must not be larger than 262144 bytes" (apimachinery, TotalAnnotationSizeLimitB) */
const ANNOTATION_BYTES = 262_144;

/** Defaults: namespace `default`, generation 1, no labels, no annotations. Undefined if anything is wrong, which is then reported. */
export function checkMetadata(value: unknown, kind: Kind, findings: Findings): Metadata | undefined {
  const before = findings.problems.length;
  if (value === undefined || value === null) {
    findings.report('is required', 'add metadata with a name', 'metadata');
    return undefined;
  }
  findings.enter('metadata');
  const metadata = structure(value, findings) as Partial<Metadata> & { readonly generateName?: string };
  const usable = findings.problems.length === before;
  if (usable) {
    checkName(metadata, kind, findings);
    checkNamespace(metadata.namespace, kind, findings);
    checkLabels(metadata.labels ?? {}, findings);
    checkAnnotations(metadata.annotations ?? {}, findings);
    checkTime(metadata.creationTimestamp, findings);
  }
  findings.leave();
  if (findings.problems.length > before) return undefined;
  const { generateName: _, ...rest } = metadata;
  const namespace = KINDS[kind].namespaced ? rest.namespace || 'default' : '';
  return Object.freeze({ ...rest, namespace }) as Metadata;
}

function checkName(
  { name, generateName }: { readonly name?: string; readonly generateName?: string },
  kind: Kind,
  findings: Findings,
): void {
  if (name === undefined || name === '') {
    const hint =
      generateName === undefined ? 'add metadata.name' : 'generateName needs an API server: write name instead';
    findings.report('is required', hint, 'name');
  } else if (LABEL_NAMED.has(kind) ? !LABEL.test(name) : !isSubdomain(name)) {
    const [allowed, length] = LABEL_NAMED.has(kind) ? ['digits and "-"', 63] : ['digits, "-" and "."', 253];
    const hint = `use at most ${length} lower case letters, ${allowed}; begin and end with a letter or digit`;
    findings.report(`${quote(name)} is not a valid name`, hint, 'name');
  }
}

function checkNamespace(namespace: string | undefined, kind: Kind, findings: Findings): void {
  if (namespace === undefined || namespace === '') return;
  if (!KINDS[kind].namespaced) {
    findings.report(`${kind} is cluster-scoped`, 'remove metadata.namespace', 'namespace');
  } else if (!LABEL.test(namespace)) {
    const hint = 'use at most 63 lower case letters, digits and "-"; begin and end with a letter or digit';
    findings.report(`${quote(namespace)} is not a valid namespace`, hint, 'namespace');
  }
}

function checkLabels(labels: Readonly<Record<string, string>>, findings: Findings): void {
  for (const [key, value] of Object.entries(labels)) {
    if (!isQualifiedName(key)) reportKey(key, 'labels', findings);
    if (value !== '' && !NAME_PART.test(value)) {
      const hint = 'use at most 63 letters, digits, "-", "_" and "."; begin and end with a letter or digit';
      findings.report(`${quote(value)} is not a valid label value`, hint, 'labels', key);
    }
  }
}

function checkAnnotations(annotations: Readonly<Record<string, string>>, findings: Findings): void {
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    // Annotation keys are compared in lower case by the API server, so upper case prefixes pass.
    if (!isQualifiedName(key.toLowerCase())) reportKey(key, 'annotations', findings);
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > ANNOTATION_BYTES) {
    findings.report(`take ${bytes} bytes`, `keep them within ${ANNOTATION_BYTES}`, 'annotations');
  }
}

/** Age decides conflicts between routes and Gateways, so a time that cannot be read must not count as the oldest. */
function checkTime(time: string | undefined, findings: Findings): void {
  if (time === undefined || (RFC_3339.test(time) && Number.isFinite(Date.parse(time)))) return;
  const hint = 'remove it, or write a time such as 2026-11-25T13:00:00Z';
  findings.report(`${quote(time)} is not a time`, hint, 'creationTimestamp');
}

function reportKey(key: string, where: 'labels' | 'annotations', findings: Findings): void {
  const hint =
    'write name or prefix/name: the name of at most 63 letters, digits, "-", "_" and ".", the prefix a DNS name';
  findings.report(`${quote(key)} is not a valid key`, hint, where, key);
}

function isQualifiedName(key: string): boolean {
  const slash = key.indexOf('/');
  return slash < 0 ? NAME_PART.test(key) : isSubdomain(key.slice(0, slash)) && NAME_PART.test(key.slice(slash + 1));
}
