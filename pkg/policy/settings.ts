/** Keys of the block `policies` that set what the gateway does by itself: no filter runs for them. The registry beside order.ts. */
import type { TObject } from 'typebox';
import type { Retry, Timeouts } from '../ir/route.ts';
import { type ClientSpec, clientSchema } from './client-schema.ts';
import { type TranslatedClient, translateClient } from './client-translate.ts';
import {
  type RetrySpec,
  retrySchema,
  type TimeoutsSpec,
  timeoutsSchema,
  translateRetry,
  translateTimeouts,
} from './rule-settings.ts';
import { isProblems, type Translated } from './translated.ts';

/** What users write, and what it becomes. */
interface SettingTypes {
  readonly client: { readonly spec: ClientSpec; readonly value: TranslatedClient };
  readonly timeouts: { readonly spec: TimeoutsSpec; readonly value: Timeouts };
  readonly retry: { readonly spec: RetrySpec; readonly value: Retry };
}

export type SettingKey = keyof SettingTypes;

export type Setting = {
  readonly [K in SettingKey]: { readonly key: K; readonly value: SettingTypes[K]['value'] };
}[SettingKey];

/** All are taken from the strongest level as a unit, and left out where they cannot be built: what holds without them is the stricter. */
export const settingSchemas = {
  client: clientSchema,
  timeouts: timeoutsSchema,
  retry: retrySchema,
} as const satisfies Readonly<Record<SettingKey, TObject>>;

const translators: {
  readonly [K in SettingKey]: (spec: SettingTypes[K]['spec'], path: string) => Translated<SettingTypes[K]['value']>;
} = {
  client: translateClient,
  timeouts: translateTimeouts,
  retry: translateRetry,
};

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(settingSchemas, key);
}

/** @param path where `spec` stands in its object, for messages */
export function translateSetting<K extends SettingKey>(
  key: K,
  spec: SettingTypes[K]['spec'],
  path: string,
): Translated<Setting> {
  const value = translators[key](spec, path);
  // The key and its value belong together, which TypeScript cannot follow through the union.
  return isProblems(value) ? value : ({ key, value } as Setting);
}
