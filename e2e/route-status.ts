/** What scenarios read of a route's status. */

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export interface RouteStatus {
  readonly status?: { readonly parents?: readonly { readonly conditions: readonly Condition[] }[] };
}
