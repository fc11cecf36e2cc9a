/** What the gateway may dial because an object says so: the translate half of the egress guard (the other half checks at connect time). */

export interface Egress {
  readonly allowLoopback: boolean;
  /** Types of Backend objects that may be used. */
  readonly backendTypes: readonly string[];
  /** Where a refused type is allowed, for messages: `spec.egress.backendTypes of GatewayClassConfig ns/name`. */
  readonly grantedBy: string;
}
