/** What every strictness test runs in: the real gateway process on one transport, a recorder behind it on each lane, and its access log. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Feature, startFeature } from '../features/feature.ts';
import { gatewayClass, gatewayManifest } from '../features/folder.ts';
import { type Logged, logViolations } from './invariants.ts';
import { createRecorder, type Recorder, type Script } from './recorder.ts';

/** `fast`: the gateway's own HTTP/1.1 client; `general`: undici. Each is a listener of its own. */
export const lanes = { fast: { port: 80, lane: 'Auto' }, general: { port: 8080, lane: 'Undici' } } as const;
export type LaneName = keyof typeof lanes;
export const laneNames = Object.keys(lanes) as LaneName[];

export const transports = ['socket', 'handle'] as const;
export type TransportName = (typeof transports)[number];

export interface World {
  readonly feature: Feature;
  readonly recorders: Readonly<Record<LaneName, Recorder>>;
  /** Where a listener is bound. */
  port(lane: LaneName): number;
  /** An address of 127.0.0.0/8 that no client before had. */
  address(): string;
  /** Ends the gateway in order, once. Also closes the recorders, whose records stay. */
  stop(): Promise<Ended>;
}

export interface Ended {
  readonly exitCode: number | null;
  readonly log: readonly Logged[];
  /** What is wrong with the bytes at the recorders, by themselves and against the access log. */
  readonly violations: readonly string[];
  /** Lines of the process log that tell of errors. */
  readonly faults: readonly string[];
}

export interface WorldOptions {
  readonly transport: TransportName;
  readonly script?: Script;
  /** YAML of a rule's matches and filters for each lane; default: everything goes to the recorder. */
  readonly rule?: string;
  /** YAML of a GatewayClassConfig's dataPlane. */
  readonly dataPlane?: string;
  /** As in TestGatewayOptions. */
  readonly through?: readonly string[];
}

export async function startWorld(options: WorldOptions): Promise<World> {
  const recorders = { fast: await createRecorder(options.script), general: await createRecorder(options.script) };
  const folder = await mkdtemp(join(tmpdir(), 'access-log-'));
  const logFile = join(folder, 'access.log');
  const feature = await startFeature(
    { 'all.yaml': manifests(recorders, options) },
    {
      ports: [lanes.general.port],
      args: [`--transport=${options.transport}`, `--access-log=${logFile}`],
      through: options.through ?? [],
    },
  );
  let clients = 0;
  const authority = new RegExp(
    `^127\\.0\\.0\\.1:(?:${laneNames.map((lane) => feature.gateway.port(lanes[lane].port)).join('|')})$`,
  );
  let ending: Promise<Ended> | null = null;
  async function stop(): Promise<Ended> {
    const exitCode = await feature.gateway.stop();
    await feature.stop();
    for (const lane of laneNames) await recorders[lane].close();
    const log = await linesOf(logFile);
    await rm(folder, { recursive: true });
    const messages = laneNames.flatMap((lane) => recorders[lane].requests.map(({ message }) => message));
    const bytes = laneNames.flatMap((lane) => recorders[lane].violations().map((text) => `${lane}: ${text}`));
    const faults = feature.gateway
      .stderr()
      .split('\n')
      .filter((line) => /"level":"(?:error|fatal)"|Error:/.test(line));
    return { exitCode, log, violations: [...bytes, ...logViolations(messages, log, authority)], faults };
  }

  return {
    feature,
    recorders,
    port: (lane) => feature.gateway.port(lanes[lane].port),
    address() {
      const number = ++clients;
      return `127.${1 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;
    },
    stop: () => (ending ??= stop()),
  };
}

async function linesOf(file: string): Promise<Logged[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Logged);
}

// TRACE is forwarded where a match asks for it.
const everything = 'matches: [{ path: { value: / } }, { method: TRACE }],';

function manifests(recorders: World['recorders'], { rule = everything, dataPlane }: WorldOptions): string {
  const listeners = laneNames.map((name) => `{ name: ${name}, port: ${lanes[name].port}, protocol: HTTP }`);
  const texts = laneNames.map(
    (name) => `apiVersion: gateway.suuupra.io/v1alpha1
kind: Backend
metadata: { name: ${name} }
spec:
  type: Static
  lane: ${lanes[name].lane}
  static: { endpoints: [{ address: 127.0.0.1, port: ${recorders[name].port} }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name} }
spec:
  parentRefs: [{ name: public, sectionName: ${name} }]
  rules: [{ ${rule} backendRefs: [{ group: gateway.suuupra.io, kind: Backend, name: ${name} }] }]
`,
  );
  const configured = dataPlane === undefined ? [gatewayClass] : configuredClass(dataPlane);
  return [...configured, gatewayManifest('public', `[${listeners.join(', ')}]`), ...texts].join('---\n');
}

function configuredClass(dataPlane: string): string[] {
  return [
    gatewayClass.replace(
      'spec: {',
      'spec: { parametersRef: { group: gateway.suuupra.io, kind: GatewayClassConfig, name: strict, namespace: default },',
    ),
    `apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayClassConfig
metadata: { name: strict, namespace: default }
spec: { dataPlane: ${dataPlane} }
`,
  ];
}
