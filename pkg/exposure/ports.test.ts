/** Internal ports: kept where a Service says them, never shared, and the same whoever chooses. */
import { expect, test } from '@jest/globals';
import type { GatewayExposure } from '../translate/exposure.ts';
import { InternalPorts } from '../translate/gateway-service.ts';
import { allocatePorts } from './ports.ts';

function wants(name: string, ...ports: number[]): GatewayExposure {
  const settings = { type: 'LoadBalancer', labels: {}, annotations: {} } as const;
  return { kind: 'Service', namespace: 'infra', name, uid: name, ports, settings, address: '' };
}

const nothing = new Map();

test('two choosers choose the same, and every port once', () => {
  const gateways = Array.from({ length: 500 }, (_, i) => wants(`g${i}`, 80, 443));
  const { ports, exhausted } = allocatePorts(gateways, nothing);
  expect(allocatePorts(gateways, nothing).ports).toEqual(ports);
  const all = [...ports.values()].flatMap((map) => [...map.values()]);
  expect(new Set(all).size).toBe(1000);
  expect(all.every((port) => port >= InternalPorts.first && port <= InternalPorts.last)).toBe(true);
  expect(exhausted).toEqual([]);
});

test('what a Service says stays, whatever comes and goes beside it', () => {
  const before = allocatePorts([wants('a', 80)], nothing).ports;
  const after = allocatePorts([wants('older', 80), wants('a', 80, 443), wants('b', 80)], before).ports;
  expect(after.get('infra/a')?.get(80)).toBe(before.get('infra/a')?.get(80));
  expect(after.get('infra/a')?.size).toBe(2);
});

test('of two Services with one port the older Gateway keeps it', () => {
  const existing = new Map([
    ['infra/a', new Map([[80, 11_500]])],
    ['infra/b', new Map([[80, 11_500]])],
  ]);
  const { ports } = allocatePorts([wants('b', 80), wants('a', 80)], existing);
  expect(ports.get('infra/b')?.get(80)).toBe(11_500);
  expect(ports.get('infra/a')?.get(80)).not.toBe(11_500);
});

test('ports of Gateways that serve nothing now, or are gone, are not given away', () => {
  const free =
    allocatePorts([wants('a', 80)], nothing)
      .ports.get('infra/a')
      ?.get(80) ?? 0;
  const held = new Map([['infra/b', new Map([[80, free]])]]);
  const keep: GatewayExposure = { kind: 'Keep', namespace: 'infra', name: 'b' };
  expect(
    allocatePorts([wants('a', 80), keep], held)
      .ports.get('infra/a')
      ?.get(80),
  ).not.toBe(free);
  expect(
    allocatePorts([wants('a', 80)], held)
      .ports.get('infra/a')
      ?.get(80),
  ).not.toBe(free);
});

test('a port that a listener no longer has is free again', () => {
  const existing = new Map([
    [
      'infra/a',
      new Map([
        [80, 11_500],
        [81, 11_501],
      ]),
    ],
  ]);
  expect([...(allocatePorts([wants('a', 80)], existing).ports.get('infra/a') ?? [])]).toEqual([[80, 11_500]]);
});

test('when the pool is exhausted the youngest goes without, and is named', () => {
  const size = InternalPorts.last - InternalPorts.first + 1;
  const many = Array.from({ length: size }, (_, i) => i + 1);
  const { ports, exhausted } = allocatePorts([wants('many', ...many), wants('late', 80, 443)], nothing);
  expect(ports.get('infra/many')?.size).toBe(size);
  expect(ports.get('infra/late')?.size).toBe(0);
  expect(exhausted).toEqual(['infra/late']);
});
