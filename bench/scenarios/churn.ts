/** What configuration costs those who are being served: 10,000 routes, and every second one route and one EndpointSlice change. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { endpointsFile, estateRequests, hostManifests, RoutesPerHost, routesFile, sliceManifest } from '../estate.ts';
import { askEstate } from '../estate-load.ts';
import type { TargetResult } from '../result.ts';
import { loadDrive, measureRounds } from '../rounds.ts';
import { ratiosOf } from '../statistics.ts';
import { gatewayOnEstate } from '../targets/gateway-estate.ts';
import { manifestText, type RunningGateway } from '../targets/gateway-process.ts';
import { resultOf } from './closed-loop.ts';
import { startEstate } from './scale.ts';
import type { Bench, Scenario } from './scenario.ts';

const Hosts = 1_000;
/** Of a quick run. */
const FewHosts = 100;
const Rate = 5_000;
/** ms between edits. */
const Pause = 1_000;
/** How long an edit may take until it is served, in ms. */
const Patience = 10_000;
/** Several edits a round. */
const Seconds = 5;
const MaxRounds = 3;

export const churn: Scenario = {
  name: 'churn',
  about: `GET, 200 bytes, ${Rate.toLocaleString('en')} requests a second at 10,000 routes, while one route and one EndpointSlice change each second`,
  async run(whole) {
    const { quick, rounds } = whole.settings;
    const settings = { ...whole.settings, rounds: Math.min(rounds, MaxRounds), seconds: quick ? 1.2 : Seconds };
    const hosts = quick ? FewHosts : Hosts;
    const still = gatewayOnEstate(hosts, 'still');
    const churned = gatewayOnEstate(hosts, 'churn');
    const bench: Bench = { ...whole, settings };
    const running: RunningGateway[] = [];
    try {
      const quiet = await startEstate(bench, still);
      running.push(quiet.running);
      const busy = await startEstate(bench, churned);
      running.push(busy.running);
      const editor = createEditor(busy.running, hosts, bench.origin.port);
      const drive = loadDrive(bench, { connections: 64, requests: quiet.requests, rate: Rate });
      const measured = await measureRounds(bench, {
        targets: new Map([quiet, busy].map((each) => [each.name, each.running])),
        async drive(target, seconds) {
          if (target !== busy.running) return drive(target, seconds);
          const stop = editor.start();
          try {
            return await drive(target, seconds);
          } finally {
            await stop();
          }
        },
      });
      const lost = await editor.lost();
      if (lost > 0) bench.print(`${churned.name}: the last edit was not served within ${Patience / 1000} s`);
      const add = (name: string, errors: number): TargetResult => ({
        ...measured[name]!,
        errors: measured[name]!.errors + errors,
      });
      const targets = { [quiet.name]: add(quiet.name, quiet.faults), [busy.name]: add(busy.name, busy.faults + lost) };
      const edits = `${editor.edits} edits of a route, as many of an EndpointSlice`;
      const ratios = ratiosOf(targets, undefined, busy.name);
      return [
        resultOf(bench, {
          scenario: 'churn',
          about: churn.about.replace('10,000 routes', `${(hosts * RoutesPerHost).toLocaleString('en')} routes`),
          targets,
          ratios,
          bars: [],
          notes: [
            `${edits}; all threads of the gateway share one core with its worker, the controller's included`,
            ...Object.entries(ratios).map(([pair, ratio]) => `${pair}: ${ratio.toFixed(2)}×`),
          ],
        }),
      ];
    } finally {
      for (const each of running) await each.stop();
    }
  },
};

interface Editor {
  /** So far. */
  readonly edits: number;
  /** Edits until the result is called, which resolves when the last one is written. */
  start(): () => Promise<void>;
  /** 1 if what the last edit says is not served in time. */
  lost(): Promise<number>;
}

function createEditor({ manifests, plainPort }: RunningGateway, hosts: number, originPort: number): Editor {
  const requests = estateRequests(hosts);
  let edits = 0;
  // As an editor and git do it: nobody sees half a file.
  const write = async (name: string, objects: readonly object[]): Promise<void> => {
    const path = join(manifests, name);
    await writeFile(`${path}.tmp`, manifestText(objects));
    await rename(`${path}.tmp`, path);
  };
  const place = (edit: number): { readonly host: number; readonly route: number } => ({
    host: (edit * 67) % hosts,
    route: edit % RoutesPerHost,
  });
  return {
    get edits() {
      return edits;
    },
    start() {
      const end = new AbortController();
      const done = (async () => {
        while (!end.signal.aborted) {
          const { host, route } = place(++edits);
          await write(routesFile(host), hostManifests(host, route, edits));
          await write(endpointsFile((host + 1) % hosts), [
            sliceManifest((host + 1) % hosts, originPort, edits % 2 === 1),
          ]);
          await setTimeout(Pause, undefined, { signal: end.signal }).catch(() => undefined);
        }
      })();
      return () => {
        end.abort();
        return done;
      };
    },
    async lost() {
      const { host, route } = place(edits);
      const request = requests[host * RoutesPerHost + route]!;
      for (const end = Date.now() + Patience; Date.now() < end; await setTimeout(50)) {
        const { headers } = await askEstate(plainPort, request);
        if (headers['x-edit'] === String(edits)) return 0;
      }
      return 1;
    },
  };
}
