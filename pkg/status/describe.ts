/** One object and its status as text, like `kubectl describe`. Used by `gatewayctl translate -o describe` and the admin port. */
import type { KubeObject } from '../api/object.ts';
import { isMap } from './canonical.ts';
import type { ObjectStatus } from './status.ts';
import { TextTable } from './texttable.ts';

/** What users look for is told by name; the rest of metadata is the cluster's bookkeeping. */
const HIDDEN = new Set(['apiVersion', 'kind', 'metadata', 'status']);

/** `status` is stamped or not; undefined where the object's kind has none. */
export function describeObject(object: KubeObject, status: ObjectStatus | undefined): string {
  const { metadata } = object;
  const table = new TextTable();
  table.row(0, 'Name', metadata.name);
  table.row(0, 'Namespace', metadata.namespace);
  describeMap(table, 'Labels', metadata.labels);
  describeMap(table, 'Annotations', metadata.annotations);
  table.row(0, 'API Version', object.apiVersion);
  table.row(0, 'Kind', object.kind);
  table.heading(0, 'Metadata');
  if (metadata.creationTimestamp !== undefined) table.row(1, 'Creation Timestamp', metadata.creationTimestamp);
  table.row(1, 'Generation', String(metadata.generation));
  const content = Object.entries(object).filter(([name]) => !HIDDEN.has(name));
  describeFields(
    table,
    0,
    Object.fromEntries(content.map(([name, value]) => [name, redact(object.kind, name, value)])),
  );
  if (status !== undefined) {
    table.heading(0, 'Status');
    describeFields(table, 1, status.status);
    describeProblems(table, status);
  }
  return table.toString();
}

/** kubectl shows events here; without a cluster there are none, but what they would tell is known. */
function describeProblems(table: TextTable, { problems }: ObjectStatus): void {
  if (problems.length === 0) {
    table.row(0, 'Problems', '<none>');
    return;
  }
  table.heading(0, 'Problems');
  for (const { path, reason, message } of problems) table.line(1, `${reason}  ${path}: ${message}`);
}

function describeMap(table: TextTable, label: string, map: Readonly<Record<string, string>>): void {
  const entries = Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) table.row(0, label, '<none>');
  for (const [index, [name, value]] of entries.entries()) {
    table.row(0, index === 0 ? label : '', label === 'Labels' ? `${name}=${value}` : `${name}: ${value}`);
  }
}

/** As kubectl does: keys sorted, lists of objects one after the other without a mark between them. */
function describeFields(table: TextTable, level: number, fields: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(fields).sort()) {
    const value = fields[name];
    const label = labelOf(name);
    if (Array.isArray(value)) {
      table.heading(level, label);
      for (const item of value) {
        if (isMap(item)) describeFields(table, level + 1, item);
        else table.line(level + 1, textOf(item));
      }
    } else if (isMap(value)) {
      table.heading(level, label);
      describeFields(table, level + 1, value);
    } else if (value !== undefined) table.row(level, label, textOf(value));
  }
}

/** Like kubectl, a Secret tells how much it holds, never what. */
function redact(kind: string, field: string, value: unknown): unknown {
  if (kind !== 'Secret' || !isMap(value) || (field !== 'data' && field !== 'stringData')) return value;
  const size = (text: unknown) => Buffer.byteLength(textOf(text), field === 'data' ? 'base64' : 'utf8');
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, `${size(text)} bytes`]));
}

const ACRONYMS: ReadonlySet<string> = new Set(['API', 'URL', 'UID', 'OSB', 'GUID']);

/** `lastTransitionTime` → `Last Transition Time`; names with other characters stay as they are. */
function labelOf(field: string): string {
  if (!/^[A-Za-z0-9]+$/.test(field)) return field;
  const words = field.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[A-Z]/g) ?? [field];
  return words
    .map((word) =>
      ACRONYMS.has(word.toUpperCase()) ? word.toUpperCase() : word.charAt(0).toUpperCase() + word.slice(1),
    )
    .join(' ');
}

function textOf(value: unknown): string {
  if (value === null) return '<nil>';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
