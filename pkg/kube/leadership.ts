/** Who of the gateway's pods writes to the API server. `lease.ts` implements it; writers of statuses, Services and Events ask it. */
export interface Leadership {
  /** True only while no other pod can think the same of itself. */
  leading(): boolean;
  /** Told after each change of `leading()`. */
  onChange(listener: () => void): void;
}
