/**
 * The attack grid: however `/admin` is spelt, no request gets to a backend that might serve it as `/admin` without the guard of that rule
 * having let it in; on both transports and both lanes to the backend. The guarded prefix stands beside an open one, and beside an open rule for all else.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openClient } from '../../pkg/testkit/client.ts';
import type { Origin } from '../../pkg/testkit/origin.ts';
import { createEcho, readEcho } from '../features/echo.ts';
import { type Feature, startFeature } from '../features/feature.ts';
import { gatewayClass, services } from '../features/folder.ts';
import { readingsOf } from '../strict/path-readings.ts';
import {
  type Guard,
  gatewayRoute,
  guardObjects,
  guards,
  policyManifest,
  routeTarget,
  startGuardServers,
} from './guards.ts';
import { spellings } from './spellings.ts';

const servers = await startGuardServers();
const all = guards(servers.ports);
let origins: readonly Origin[];
beforeAll(async () => {
  origins = await Promise.all([createEcho('admin'), createEcho('public')]);
});
afterAll(async () => {
  await Promise.all(origins.map((origin) => origin.close()));
  await servers.close();
});

/** What stands beside the guarded rule. */
const neighbours = { beside: '/public', below: '/' };
type Neighbour = keyof typeof neighbours;
const hostOf = (guard: string, neighbour: Neighbour): string => `${neighbour}.${guard}.test`;

function manifests(lane: string): Readonly<Record<string, string>> {
  const ports = { admin: origins[0]?.port ?? 0, public: origins[1]?.port ?? 0 };
  const backend = (name: string) => ({ group: 'gateway.suuupra.io', kind: 'Backend', name, port: 8080 });
  const backends = Object.keys(ports).map(
    (name) => `---
apiVersion: gateway.suuupra.io/v1alpha1
kind: Backend
metadata: { name: ${name} }
spec: { type: Service, port: { port: 8080 }, service: { name: ${name} }, lane: ${lane} }
`,
  );
  const listener = (name: string, hostname: string): string =>
    `{ name: ${name}, port: 80, protocol: HTTP${hostname}, allowedRoutes: { namespaces: { from: All } } }`;
  const gateway = `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public }
spec: { gatewayClassName: suuupra, listeners: [${listener('http', '')}, ${listener('behind', ', hostname: "*.address.test"')}] }
`;
  // A proxy in front tells who the client is.
  const behind = policyManifest('behind', {
    targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'public', sectionName: 'behind' }],
    policies: { client: { ip: { trustedCIDRs: ['127.0.0.0/8'] } } },
  });
  const open: Pick<Guard, 'name' | 'policies' | 'judges'> = { name: 'routing', policies: {} };
  const routes = [open, ...all].map(({ name, policies, judges }) => {
    const names = Object.entries(neighbours).map(([neighbour, prefix]) => {
      const rules = [
        {
          name: 'admin',
          matches: [{ path: { type: 'PathPrefix', value: '/admin' } }],
          backendRefs: [backend('admin')],
        },
        { name: 'open', matches: [{ path: { type: 'PathPrefix', value: prefix } }], backendRefs: [backend('public')] },
      ];
      return gatewayRoute(`${name}-${neighbour}`, [hostOf(name, neighbour as Neighbour)], rules);
    });
    const section = judges === true ? undefined : 'admin';
    const targetRefs = Object.keys(neighbours).map((neighbour) => routeTarget(`${name}-${neighbour}`, section));
    return names.join('') + (name === 'routing' ? '' : policyManifest(name, { targetRefs, policies }));
  });
  return {
    'base.yaml': gatewayClass + gateway + services(ports) + backends.join('') + guardObjects(servers.ports) + behind,
    'routes.yaml': routes.join(''),
  };
}

describe.each([
  ['socket', 'Auto'],
  ['socket', 'Undici'],
  ['handle', 'Auto'],
  ['handle', 'Undici'],
])('on the %s transport, lane %s', (transport, lane) => {
  let feature: Feature;
  beforeAll(async () => {
    feature = await startFeature(manifests(lane), { args: [`--transport=${transport}`] });
  });
  afterAll(() => feature.stop());

  /** `admin /admin`: who served it and what arrived there, or the status. */
  async function sent(spelling: string, host: string, fields: readonly string[], query = ''): Promise<string> {
    const [path = '', ...rest] = spelling.replace('HOST', host).split(/(?=[?#])/);
    const [own = ''] = rest;
    const target = query === '' ? path + own : `${path}${own === '#' ? '#' : ''}?${query}`;
    const client = await openClient(feature.gateway.port(80));
    client.send([`GET ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...fields, '', ''].join('\r\n'));
    const { startLine, body } = await client.message();
    client.close();
    const status = startLine.split(' ')[1] ?? '';
    if (status !== '200') return status;
    const { origin, line } = readEcho(body.toString('latin1'));
    return `${origin} ${line.split(' ')[1]}`.replace(/\?$/, '');
  }

  const run = async (host: string, guard?: Guard): Promise<readonly string[]> => {
    const answers: string[] = [];
    for (const spelling of spellings) answers.push(await sent(spelling, host, guard?.fields ?? [], guard?.query(host)));
    return answers;
  };

  describe.each(Object.keys(neighbours) as Neighbour[])('the open rule %s', (neighbour) => {
    /** What reached the backend of the open rule although some backend would serve it as /admin. */
    const astray = (answers: readonly string[]): readonly string[] =>
      answers.flatMap((answer) => {
        const [origin, target = ''] = answer.split(' ');
        return origin === 'public' && mayBeAdmin(target, neighbour) ? [answer] : [];
      });

    test('routing: the open rule gets none, and the guarded one only what is its own', async () => {
      const answers = await run(hostOf('routing', neighbour));
      expect(astray(answers)).toEqual([]);
      const own = answers.filter((answer) => answer.startsWith('admin '));
      expect(own.filter((answer) => !/^admin \/{1,2}admin(?:[/?]|$)/.test(answer))).toEqual([]);
      // Otherwise nothing below proves anything.
      expect(own.length).toBeGreaterThanOrEqual(8);
    });

    test.each(all)('$name: no way around', async (guard) => {
      const host = hostOf(guard.name, neighbour);
      const routed = await run(hostOf('routing', neighbour));
      const refused = await run(host);
      expect(refused.filter((answer) => answer.startsWith('admin '))).toEqual([]);
      expect(astray(refused)).toEqual([]);
      // Whatever routing gives to the guarded rule is refused by the guard, and by nothing else.
      const expected = routed.map((answer) => (answer.startsWith('admin ') ? String(guard.refusal) : answer));
      expect(refused).toEqual(expected);
      // And it is the guard that refuses: with what it asks for, the same requests pass.
      const entitled = await run(host, guard);
      const without = (answers: readonly string[]) => answers.map((answer) => answer.replace(/\?.*/, ''));
      expect(without(entitled)).toEqual(without(routed));
    });
  });
});

/** Whether some backend would serve it as /admin. Beside an open rule for everything, the path in other case is honestly another. */
function mayBeAdmin(target: string, neighbour: Neighbour): boolean {
  const isAdmin = (path: string): boolean => /^\/admin(?:\/|$)/.test(path);
  if (neighbour === 'below' && target === '/ADMIN') return false;
  return [...readingsOf(target)].some(isAdmin);
}
