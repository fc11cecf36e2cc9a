/** Request mirroring (Gateway API's HTTPRequestMirrorFilter); the one core filter that may repeat, so its configuration is a list. */

export interface MirrorConfig {
  readonly mirrors: readonly {
    /** Id in `Ir.clusters`. */
    readonly cluster: string;
    /** Share of the requests that are copied: numerator / denominator. */
    readonly numerator: number;
    readonly denominator: number;
  }[];
}
