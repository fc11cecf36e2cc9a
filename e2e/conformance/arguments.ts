/** The flags of Gateway API's suite. Source: sigs.k8s.io/gateway-api/conformance, utils/flags. */

export interface SuiteRun {
  /** The gateway's: `v0.1.0`. */
  readonly version: string;
  /** Separated by commas. */
  readonly profiles: string;
  /** Short name of a single test; empty for all. */
  readonly test: string;
  /** File of the report, if one is written. */
  readonly report?: string;
  readonly more: readonly string[];
}

export function suiteArguments({ version, profiles, test, report, more }: SuiteRun): string[] {
  return [
    '-test.v',
    '-test.timeout=45m',
    '-test.run=^TestConformance$',
    '-gateway-class=suuupra',
    `-conformance-profiles=${profiles}`,
    // For GatewayStaticAddresses: one of the test cluster's pool, and one of a documentation range that is outside of it.
    '-usable-address=10.98.0.200',
    '-unusable-address=198.51.100.1',
    '-organization=suuupra-gateway',
    '-project=suuupra-gateway',
    '-url=https://suuupra.io',
    `-version=${version}`,
    '-contact=@suuupra-gateway/maintainers',
    ...(test === '' ? [] : [`-run-test=${test}`]),
    ...(report === undefined ? [] : [`-report-output=${report}`]),
    ...more,
  ];
}
