/** Direct response: an answer that the gateway gives itself (GatewayRoute filter DirectResponse). */

export interface DirectResponseConfig {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}
