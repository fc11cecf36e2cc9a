/** Request header modifier (Gateway API's HTTPHeaderFilter). */

/** Applied in this order: remove, set, add. */
export interface RequestHeadersConfig {
  /** Lower case. */
  readonly remove: readonly string[];
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly add: readonly (readonly [name: string, value: string])[];
}
