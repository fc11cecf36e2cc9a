/** The control-plane half of both header modifiers: names and values are checked, and made what stands on the wire. */

import type { HTTPHeader, HTTPHeaderFilter } from '../api/httproute.ts';
import type { Problem } from '../status/problem.ts';
import { type Translated, unsupported } from './translated.ts';

/** Applied in this order: remove, set, add. */
export interface HeaderModifierConfig {
  /** Lower case. */
  readonly remove: readonly string[];
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly add: readonly (readonly [name: string, value: string])[];
}

const Token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Belong to one connection or frame the message (RFC 9110 7.6.1): a route that changed them could smuggle a request. */
const connectionLevel = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'content-length',
  'upgrade',
  'http2-settings',
]);

/**
 * @param path where `modifier` stands in its object
 * @param elsewhere names that have a better place, in lower case, and what to use instead
 */
export function translateHeaders(
  modifier: HTTPHeaderFilter,
  path: string,
  elsewhere: Readonly<Record<string, string>>,
): Translated<HeaderModifierConfig> {
  const problems: Problem[] = [];
  const checkName = (name: string, at: string): void => void problems.push(...nameProblems(name, at, elsewhere));
  const list = (key: 'set' | 'add'): readonly (readonly [string, string])[] => {
    const entries = firstOfEachName(modifier[key] ?? []);
    for (const { entry, index } of entries) {
      const at = `${path}.${key}[${index}]`;
      checkName(entry.name, `${at}.name`);
      // RFC 9110 5.5: a field value holds no control characters but the tab.
      if (/[^\P{Cc}\t\x80-\x9f]/u.test(entry.value))
        problems.push(
          unsupported(
            `${at}.value`,
            `the value of ${entry.name} holds a line break or another control character; write it in one line`,
          ),
        );
    }
    return entries.map(({ entry }) => [entry.name, wireValue(entry.value)]);
  };
  const remove = modifier.remove ?? [];
  for (const [i, name] of remove.entries()) checkName(name, `${path}.remove[${i}]`);

  const config = { remove: [...new Set(remove.map((name) => name.toLowerCase()))], set: list('set'), add: list('add') };
  return problems.length > 0 ? problems : config;
}

/** @param elsewhere as above */
export function nameProblems(
  name: string,
  path: string,
  elsewhere: Readonly<Record<string, string>>,
): readonly Problem[] {
  const lower = name.toLowerCase();
  if (!Token.test(name)) return [unsupported(path, `"${name}" is no header name; use letters, digits and hyphens`)];
  if (connectionLevel.has(lower))
    return [
      unsupported(path, `${name} belongs to the connection and is written by the gateway itself; remove this entry`),
    ];
  if (Object.hasOwn(elsewhere, lower))
    return [unsupported(path, `${name} cannot be changed here; ${elsewhere[lower]}`)];
  return [];
}

// HTTPHeader.name: "If multiple entries specify equivalent header names, the first entry with an equivalent name MUST be
// considered for a match. Subsequent entries with an equivalent header name MUST be ignored."
function firstOfEachName(entries: readonly HTTPHeader[]): readonly { entry: HTTPHeader; index: number }[] {
  const seen = new Set<string>();
  return entries.flatMap((entry, index) => {
    const name = entry.name.toLowerCase();
    if (seen.has(name)) return [];
    seen.add(name);
    return [{ entry, index }];
  });
}

// Header strings hold one byte per character, so text beyond ASCII becomes its UTF-8 bytes, as nginx and Envoy send it.
function wireValue(value: string): string {
  return Buffer.from(value.trim(), 'utf8').toString('latin1');
}
