/** Which endpoint of a cluster serves the next request. One balancer per cluster and worker; what it chooses from is given anew each time. */

/** What a balancer sees of an endpoint. */
export interface Candidate {
  /** `10.0.0.7:8080`. */
  readonly name: string;
  readonly weight: number;
  /** Requests that wait or are under way. */
  readonly load: number;
}

export interface Balancer<T extends Candidate> {
  /**
   * @param candidates never empty; the same array as long as the set is the same
   * @param avoid name of the endpoint that just failed, or `''`: not chosen while there is another
   */
  pick(candidates: readonly T[], avoid: string): T;
}
