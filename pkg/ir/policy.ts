/** Which level of a policy is in force: nothing acts on it, it is what `gatewayctl route` and /debug/routes tell. */

export interface PolicyOrigin {
  /** Key of the block `policies`. */
  readonly key: string;
  readonly state: PolicyState;
  /** Who says it: `GatewayPolicy infra/baseline`. */
  readonly from: string;
  /** Who overrides it; absent where nobody does. */
  readonly by?: string;
  /** Id in `Ir.filters`, where there is one. */
  readonly filter?: string;
}

export type PolicyState =
  | 'Enforced'
  /** Decides, counts and logs, and lets pass. */
  | 'Shadow'
  | 'Overridden'
  /** Says that the key is off. */
  | 'Disabled'
  /** Cannot be built, and protects: the rule answers 500. */
  | 'FailedClosed'
  /** Cannot be built: the rule is served without it. */
  | 'LeftOut';
