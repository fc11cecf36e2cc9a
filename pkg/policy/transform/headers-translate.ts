/** Control-plane half of header transforms. */
import type { Scope } from '../../expression/variables.ts';
import type { Problem } from '../../status/problem.ts';
import { fieldValue } from '../field-value.ts';
import { nameProblems } from '../header-translation.ts';
import { unsupported } from '../translated.ts';
import type { HeadersTransform } from './schema.ts';
import type { HeadersSpec } from './spec.ts';
import { namedValue, valueProblems } from './value-translate.ts';

const elsewhere = {
  request: { host: 'use transform.request.hostname', cookie: 'use transform.request.cookies' },
  response: { 'set-cookie': 'use transform.response.cookies' },
} as const;

export function headersProblems(
  { remove = [], rename = [], set = [], add = [] }: HeadersSpec,
  path: string,
  scope: Scope,
): readonly Problem[] {
  const direction = scope.response === true ? 'response' : 'request';
  const name = (text: string, at: string) => nameProblems(text, at, elsewhere[direction]);
  const values = (list: typeof set, at: string) =>
    list.flatMap((entry, i) => [
      ...name(entry.name, `${at}[${i}].name`),
      ...valueProblems(entry, `${at}[${i}]`, scope, fieldMistake),
    ]);
  return [
    ...remove.flatMap((entry, i) => name(entry, `${path}.remove[${i}]`)),
    ...rename.flatMap(({ from, to }, i) => [
      ...name(from, `${path}.rename[${i}].from`),
      ...name(to, `${path}.rename[${i}].to`),
      ...(from.toLowerCase() === to.toLowerCase()
        ? [unsupported(`${path}.rename[${i}].to`, `${to} is the name that it has; write another one`)]
        : []),
    ]),
    ...values(set, `${path}.set`),
    ...values(add, `${path}.add`),
  ];
}

export function translateHeadersTransform({
  remove = [],
  rename = [],
  set = [],
  add = [],
}: HeadersSpec): HeadersTransform {
  return {
    remove: remove.map((name) => name.toLowerCase()),
    rename: rename.map(({ from, to }) => ({ from: from.toLowerCase(), to })),
    set: set.map(namedValue),
    add: add.map(namedValue),
  };
}

function fieldMistake(text: string): string {
  return fieldValue(text) === null ? 'is empty, too long, or holds a line break or another control character' : '';
}
