/** A request for an upgrade with bytes behind it: no byte of them reaches a backend before its 101, and none at all without it. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { openClient } from '../../pkg/testkit/client.ts';
import { until } from '../features/until.ts';
import { endServing } from './neighbours.ts';
import { usualAnswer } from './recorder.ts';
import { laneNames, startWorld, transports, type World } from './world.ts';

let world: World | null = null;
afterEach(() => world?.stop());

const accepts = {
  bytes: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n',
  tunnel: true,
};
const upgrade = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n`;
const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n';

describe.each(transports.flatMap((transport) => laneNames.map((lane) => [transport, lane] as const)))(
  'on the %s transport and the %s lane',
  (transport, lane) => {
    test('early bytes wait for the 101, a refusal leaves them requests of their own', async () => {
      const started = await startWorld({
        transport,
        script: (request) =>
          request.message.startLine.includes(' /accept ') ? accepts : { bytes: usualAnswer(request) },
      });
      world = started;
      const recorder = started.recorders[lane];

      const tunnel = await openClient(started.port(lane));
      tunnel.send(upgrade('/accept') + smuggled);
      await tunnel.until(() => tunnel.received.includes('\r\n\r\n'));
      expect(tunnel.received.toString('latin1')).toMatch(/^HTTP\/1\.1 101 /);
      const through = await until(async () => recorder.conversations.find(({ bytes }) => bytes.includes('/smuggled')));
      // It went through the tunnel, and is no request to anybody but the backend's own protocol.
      expect(through.tunnelAt).toBe(through.bytes.length - smuggled.length);
      tunnel.close();

      const refused = await openClient(started.port(lane));
      refused.send(upgrade('/refuse') + smuggled);
      const first = await refused.message();
      const second = await refused.message();
      refused.close();
      const paths = recorder.requests.map(({ id, message }) => [message.startLine.split(' ')[1], id]);
      expect(paths.slice(1)).toEqual([
        ['/refuse', first.header('x-answer')],
        ['/smuggled', second.header('x-answer')],
      ]);
      const ended = await endServing(started);
      expect([ended.violations, ended.faults]).toEqual([[], []]);
    }, 30_000);
  },
);
