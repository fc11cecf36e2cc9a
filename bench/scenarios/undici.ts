/** The price of the general client: the same routes on the fast lane and, by `Backend.spec.lane`, on undici. */
import { join } from 'node:path';
import { writeRequests } from '../load.ts';
import type { Result } from '../result.ts';
import { loadDrive, measureRounds } from '../rounds.ts';
import { type RequestOptions, siteRequests } from '../site.ts';
import { ratiosOf } from '../statistics.ts';
import { resultOf, sharedTargets } from './closed-loop.ts';
import type { Bench, Scenario } from './scenario.ts';

const shapes: readonly { readonly name: string; readonly what: string; readonly request: RequestOptions }[] = [
  { name: 'undici', what: 'GET, 200 bytes', request: { answer: 200 } },
  { name: 'undici-10k', what: 'GET, 10 KiB', request: { answer: 10_240 } },
  { name: 'undici-post10k', what: 'POST, 10 KiB', request: { answer: 200, body: 10_240 } },
];

export const undici: Scenario = {
  name: 'undici',
  about: 'the same routes, every one forced onto undici',
  async run(bench) {
    const results: Result[] = [];
    for (const shape of shapes) results.push(await measure(bench, shape));
    return results;
  },
};

async function measure(bench: Bench, { name, what, request }: (typeof shapes)[number]): Promise<Result> {
  const requests = join(bench.directory, `${name}.requests`);
  await writeRequests(requests, siteRequests(bench.site, request));
  const targets = await measureRounds(bench, {
    targets: await sharedTargets(bench, ['gateway', 'gateway-undici']),
    drive: loadDrive(bench, { connections: 64, requests }),
  });
  const ratios = ratiosOf(targets, undefined, 'gateway-undici');
  return resultOf(bench, {
    scenario: name,
    about: `${what}, 64 connections kept alive: the fast lane, and the same routes forced onto undici`,
    targets,
    ratios,
    bars: [],
    notes: Object.entries(ratios).map(([pair, ratio]) => `${pair}: ${ratio.toFixed(2)}×`),
  });
}
