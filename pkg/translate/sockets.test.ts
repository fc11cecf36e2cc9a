import { expect, test } from '@jest/globals';
import { type Binding, GatewayTier, IngressTier, Sockets } from './sockets.ts';

const gateway: Binding = { owner: 'infra/a', address: '*', port: 80, protocol: 'HTTP', tier: GatewayTier };

test.each<[string, Partial<Binding>, boolean]>([
  ['the same owner', {}, true],
  ['another Gateway', { owner: 'infra/b' }, false],
  ['another Gateway on another port', { owner: 'infra/b', port: 81 }, true],
  ['another protocol', { protocol: 'HTTPS' }, false],
  ['the Ingress tier', { owner: 'ingress', tier: IngressTier }, true],
  ['the Ingress tier with another protocol', { owner: 'ingress', tier: IngressTier, protocol: 'HTTPS' }, false],
  ['one address of those that * covers', { owner: 'infra/b', address: '127.0.0.1' }, false],
  ['a port that is mapped to the same', { port: 8080 }, false],
])('behind a Gateway on *:80, %s is let in: %s', (_who, change, allowed) => {
  const sockets = new Sockets({ 80: 8080 });
  expect(sockets.bind(gateway)).toEqual({ id: '*|8080' });
  expect(sockets.bind({ ...gateway, ...change }).takenBy === undefined).toBe(allowed);
});

test('different addresses do not share a port', () => {
  const sockets = new Sockets({});
  expect(sockets.bind({ ...gateway, address: '127.0.0.1' })).toEqual({ id: '127.0.0.1|80' });
  expect(sockets.bind({ ...gateway, owner: 'infra/b', address: '127.0.0.2' })).toEqual({ id: '127.0.0.2|80' });
});

test('tiers stand in their order, whoever came first, and empty ones are left out', () => {
  const sockets = new Sockets({});
  for (const port of [80, 81]) sockets.bind({ ...gateway, port });
  sockets.addListener('*|80', 'ingress/http', IngressTier);
  sockets.addListener('*|80', 'infra/a/http', GatewayTier);
  sockets.addListener('*|81', 'ingress/more', IngressTier);
  sockets.bind({ ...gateway, port: 82 });
  expect(Object.entries(sockets.build()).map(([id, { tiers }]) => [id, tiers])).toEqual([
    ['*|80', [['infra/a/http'], ['ingress/http']]],
    ['*|81', [['ingress/more']]],
  ]);
});
