/**
 * A certificate is replaced every second, by turns whole and in place, by another ECDSA pair and by an RSA pair, while new handshakes come in:
 * TLS 1.2 and 1.3, full ones and such that take up a session from before a rotation.
 *
 * A correct proxy saves everything here. Each handshake sees the old pair or the new one: certificate and key that do not belong together fail
 * at the client, and once every worker has acknowledged the new pair nobody is shown the old one. Connections that stand go on.
 */

import { X509Certificate } from 'node:crypto';
import { Agent, request } from 'node:https';
import { setTimeout } from 'node:timers/promises';
import { type TestCertificate, testCertificates } from '../../../pkg/testkit/certificates.ts';
import type { TestGateway } from '../../../pkg/testkit/gateway.ts';
import { gatewayClass, gatewayManifest, routeManifest, services } from '../../features/folder.ts';
import { shakeHands } from '../handshakes.ts';
import { readMetric } from '../metric.ts';
import { percentile } from '../percentile.ts';
import type { Row, Scale, Scenario } from '../scenario.ts';
import type { Stage } from '../stage.ts';

const Host = 'a.example';
const Turns: readonly TestCertificate[] = ['exact-ecdsa', 'rotated', 'exact-rsa'];
const certificates = testCertificates();
const trusted = Turns.map((name) => certificates[name].certificate);
const fingerprints = trusted.map((text) => new X509Certificate(text).fingerprint256);

export const certificateRotation: Scenario = {
  name: 'certificate-rotation',
  title: 'another certificate every second under new handshakes',
  run,
};

/** A pair, from when it may be shown, and from when nothing else may be. `performance.now()`. */
interface Term {
  readonly fingerprint: string;
  readonly written: number;
  acknowledged: number;
}

interface Shown {
  readonly fingerprint: string;
  readonly from: number;
  readonly to: number;
}

async function run(stage: Stage, scale: Scale): Promise<readonly Row[]> {
  const { rotations, clients, rate } =
    scale === 'full' ? { rotations: 30, clients: 32, rate: 500 } : { rotations: 4, clients: 12, rate: 120 };
  const origin = await stage.origin('one');
  const listener = `{ name: tls, port: 443, protocol: HTTPS, hostname: ${Host}, tls: { certificateRefs: [{ name: pair }] } }`;
  const folder = await stage.folder({
    'base.yaml': `${gatewayClass}---\n${gatewayManifest('public', `[${listener}]`)}${services({ one: origin.port })}`,
    'route.yaml': routeManifest('one', '[{ backendRefs: [{ name: one, port: 8080 }] }]', Host),
    'pair.yaml': secret(0),
  });
  const gateway = await stage.gateway(folder);
  const load = startHandshakes(gateway.port(443), clients, rate);
  const standing = startStanding(gateway.port(443));
  stage.defer(() => Promise.all([load.stop(), standing.stop()]));

  const terms: Term[] = [{ fingerprint: fingerprints[0]!, written: 0, acknowledged: 0 }];
  const begin = performance.now();
  for (let i = 1; i <= rotations; i++) {
    await setTimeout(Math.max(1, begin + i * 1000 - performance.now()));
    const before = await readMetric(gateway, 'suuupra_configuration_version');
    const term = { fingerprint: fingerprints[i % Turns.length]!, written: performance.now(), acknowledged: 0 };
    terms.push(term);
    await folder[i % 3 === 0 ? 'overwrite' : 'write']('pair.yaml', secret(i));
    await versionAfter(gateway, before);
    term.acknowledged = performance.now();
  }
  await setTimeout(500);
  await Promise.all([load.stop(), standing.stop()]);

  const wrong = load.shown.filter((shown) => !isRight(shown, terms));
  const failures = [...load.failures, ...standing.failures];
  const lags = terms.slice(1).map(({ written, acknowledged }) => acknowledged - written);
  return [
    {
      sent: load.sent + standing.sent,
      failed: failures.length,
      p99Millis: percentile(load.millis, 0.99),
      recoverMillis: null,
      missed: [
        ...[...new Set(failures)].slice(0, 3),
        ...(wrong.length > 0
          ? [`${wrong.length} handshakes saw a certificate that was no longer, or not yet, the one`]
          : []),
        ...(standing.connections > StandingConnections ? [`connections that stood were closed and opened anew`] : []),
      ],
      notes: `${rotations} rotations, live on every worker after ${percentile(lags, 0.5)?.toFixed(0)} ms (median), ${percentile(lags, 1)?.toFixed(0)} ms (max); ${load.resumed} sessions resumed`,
    },
  ];
}

/** Every pair that was written before the handshake was over, from the one that all workers had when it began. */
function isRight({ fingerprint, from, to }: Shown, terms: readonly Term[]): boolean {
  const first = terms.findLastIndex(({ acknowledged }) => acknowledged <= from);
  return terms.slice(first).some((term) => term.fingerprint === fingerprint && term.written <= to);
}

async function versionAfter(gateway: TestGateway, version: number): Promise<void> {
  for (let tries = 0; (await readMetric(gateway, 'suuupra_configuration_version')) <= version; tries++) {
    if (tries > 1000) throw new Error('a new certificate was never acknowledged');
    await setTimeout(5);
  }
}

function secret(turn: number): string {
  const { certificate, key } = certificates[Turns[turn % Turns.length]!];
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  return `apiVersion: v1
kind: Secret
metadata: { name: pair }
type: kubernetes.io/tls
data:
  tls.crt: ${encoded(certificate)}
  tls.key: ${encoded(key)}
`;
}

function startHandshakes(port: number, clients: number, rate: number) {
  const shown: Shown[] = [];
  const failures: string[] = [];
  const millis: number[] = [];
  const pace = (clients * 1000) / rate;
  let sent = 0;
  let resumed = 0;
  const life = new AbortController();

  const loop = async (index: number): Promise<void> => {
    const version = index % 2 === 0 ? 'TLSv1.3' : 'TLSv1.2';
    let session: Buffer | null = null;
    for (
      let due = performance.now() + (index / clients) * pace;
      !life.signal.aborted;
      due = Math.max(due + pace, performance.now())
    ) {
      await setTimeout(Math.max(0, due - performance.now()));
      const from = performance.now();
      try {
        const hand = await shakeHands({ port, servername: Host, trusted, version, session, id: ++sent });
        millis.push(hand.millis);
        if (hand.resumed) resumed++;
        else shown.push({ fingerprint: hand.fingerprint, from, to: from + hand.millis });
        // Half of the clients come back with their session.
        session = index % 4 < 2 ? hand.session : null;
      } catch (error) {
        failures.push(String(error));
      }
    }
  };
  const loops = Promise.all(Array.from({ length: clients }, (_, index) => loop(index)));
  return {
    shown,
    failures,
    millis,
    get sent() {
      return sent;
    },
    get resumed() {
      return resumed;
    },
    async stop() {
      life.abort();
      await loops;
    },
  };
}

const StandingConnections = 8;

/** Connections from before the first rotation, with a request now and then. */
function startStanding(port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: StandingConnections, ca: trusted, maxCachedSessions: 0 });
  const failures: string[] = [];
  const ports = new Set<number | undefined>();
  let sent = 0;
  const life = new AbortController();

  const ask = (): Promise<string | null> =>
    new Promise((resolve) => {
      const options = {
        agent,
        host: '127.0.0.1',
        port,
        servername: Host,
        path: `/t/${++sent}`,
        headers: { host: Host },
      };
      const outgoing = request(options, (response) => {
        ports.add(response.socket.localPort);
        response.resume();
        response.on('end', () => resolve(response.statusCode === 200 ? null : `status ${response.statusCode}`));
        response.on('error', (error) => resolve(String(error)));
      });
      outgoing.on('error', (error) => resolve(String(error)));
      outgoing.end();
    });
  const loop = async (): Promise<void> => {
    while (!life.signal.aborted) {
      const failure = await ask();
      if (failure !== null) failures.push(failure);
      await setTimeout(100);
    }
  };
  const loops = Promise.all(Array.from({ length: StandingConnections }, loop));
  return {
    failures,
    get sent() {
      return sent;
    },
    get connections() {
      return ports.size;
    },
    async stop() {
      life.abort();
      await loops;
      agent.destroy();
    },
  };
}
