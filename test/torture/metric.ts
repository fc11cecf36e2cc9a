/** One figure of the gateway's /metrics. Used by the scenarios. */
import type { TestGateway } from '../../pkg/testkit/gateway.ts';

/** Sum over all label sets; NaN if there is no such metric (yet). */
export async function readMetric(gateway: TestGateway, name: string): Promise<number> {
  const values = await readMetrics(gateway, name);
  return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0);
}

/** One figure for each label set. */
export async function readMetrics(gateway: TestGateway, name: string): Promise<readonly number[]> {
  const lines = (await gateway.page('/metrics')).split('\n');
  const own = lines.filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return own.map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
}
