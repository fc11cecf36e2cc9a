/** The order in which a configuration is applied, and what it costs when little has changed. */

import { createServer } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import type { Ir } from '../ir/ir.ts';
import type { RoutingTable } from '../routing/table.ts';
import { createDataWorker, type Unbound } from './dataworker.ts';
import { diff } from './delta.ts';
import { createInProcess } from './inprocess.ts';
import { createProbe } from './probe.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** An IR with these ids in its sections. */
function irOf(sections: { sockets?: object; routes?: readonly string[]; clusters?: readonly string[] }): Ir {
  const entries = (ids: readonly string[] = []) => Object.fromEntries(ids.map((id) => [id, { name: id }]));
  return {
    settings: { default: { egress: {} } },
    sockets: sections.sockets ?? {},
    listeners: {},
    routes: entries(sections.routes),
    filters: {},
    clusters: entries(sections.clusters),
    certificates: {},
    authorities: {},
    policies: {},
    secrets: {},
  } as object as Ir;
}

/** A data worker that writes down what is done to its parts. */
function recorded({ bind = async () => undefined }: { bind?: () => Promise<unknown> } = {}) {
  const steps: string[] = [];
  let named: readonly string[] = [];
  const worker = createDataWorker({
    compiler: {
      compile(version, ir, changed) {
        named = [...(changed ?? [])].sort();
        steps.push(`compile ${Object.keys(ir.routes).join()}; sockets ${Object.keys(ir.sockets).join()}`);
        return { version, settings: ir.settings.default, sockets: new Map() } satisfies RoutingTable;
      },
      close: () => steps.push('close compiler'),
    },
    clusters: {
      setEgress: () => steps.push('egress'),
      update: (clusters) => steps.push(`clusters ${Object.keys(clusters).sort().join()}`),
      close: () => void steps.push('close clusters'),
    },
    proxy: {
      async apply() {
        steps.push('bind');
        await bind();
        steps.push('bound');
        return { bad: 'EACCES' };
      },
      drain: async () => undefined,
      close: async () => void steps.push('close proxy'),
      setTicketKeys: () => undefined,
    },
    telemetry: { configure: () => undefined, close: () => undefined },
  });
  return { steps, worker, taken: () => steps.splice(0), changed: () => named };
}

const free: Unbound = {};

test('new clusters are there before the table, old ones until after it', async () => {
  const { worker, taken } = recorded();
  const [one, two] = [
    irOf({ routes: ['r'], clusters: ['old', 'kept'] }),
    irOf({ routes: ['s'], clusters: ['kept', 'new'] }),
  ];
  await worker.configure(1, [diff(null, one)], free);
  taken();
  expect(await worker.configure(2, [diff(one, two)], free)).toEqual({ bad: 'EACCES' });
  expect(taken()).toEqual(['clusters kept,new,old', 'compile s; sockets ', 'bind', 'bound', 'clusters kept,new']);
});

test('a change of clusters alone compiles and binds nothing, and what could not be bound is still told', async () => {
  const { worker, taken } = recorded();
  const [one, two] = [irOf({ routes: ['r'], clusters: ['a'] }), irOf({ routes: ['r'], clusters: ['a', 'b'] })];
  await worker.configure(1, [diff(null, one)], free);
  taken();
  expect(await worker.configure(2, [diff(one, two)], free)).toEqual({ bad: 'EACCES' });
  expect(taken()).toEqual(['clusters a,b']);
});

test('an edit of a route names it to the compiler, and leaves the clusters alone', async () => {
  const { worker, taken, changed } = recorded();
  const clusters = ['c'];
  const [one, two] = [irOf({ routes: ['r', 's'], clusters }), irOf({ routes: ['s', 't'], clusters })];
  await worker.configure(1, [diff(null, one)], free);
  expect(changed()).toEqual(['r', 's']);
  taken();
  await worker.configure(2, [diff(one, two)], free);
  expect(taken()).toEqual(['compile s,t; sockets ', 'bind', 'bound']);
  expect(changed()).toEqual(['r', 't']);
  // From a controller that was started anew.
  await worker.configure(3, [diff(null, irOf({ routes: ['s'], clusters }))], free);
  expect(taken()).toEqual(['compile s; sockets ', 'bind', 'bound']);
  expect(changed()).toEqual(['t']);
});

test('configurations do not overtake each other', async () => {
  const gate = Promise.withResolvers<void>();
  const { worker, taken } = recorded({ bind: () => gate.promise });
  const [one, two] = [irOf({ routes: ['r'] }), irOf({ routes: ['s'] })];
  const both = [worker.configure(1, [diff(null, one)], free), worker.configure(2, [diff(one, two)], free)];
  gate.resolve();
  await Promise.all(both);
  expect(taken().filter((step) => step.startsWith('compile') || step === 'bound')).toEqual([
    'compile r; sockets ',
    'bound',
    'compile s; sockets ',
    'bound',
  ]);
});

test('a worker that catches up applies several deltas as one', async () => {
  const { worker, taken } = recorded();
  const [one, two, three] = [irOf({ routes: ['a'] }), irOf({ routes: ['a', 'b'] }), irOf({ routes: ['b'] })];
  await worker.configure(3, [diff(null, one), diff(one, two), diff(two, three)], free);
  expect(taken().filter((step) => step.startsWith('compile'))).toEqual(['compile b; sockets ']);
});

test('a refused socket is left out and told; once it is free the same configuration binds it', async () => {
  const { worker, taken } = recorded();
  const ir = irOf({ sockets: { '*|80': {}, '*|81': {} } });
  expect(await worker.configure(1, [diff(null, ir)], { '*|80': 'EADDRINUSE' })).toEqual({
    bad: 'EACCES',
    '*|80': 'EADDRINUSE',
  });
  expect(await worker.configure(1, [], free)).toEqual({ bad: 'EACCES' });
  expect(taken().filter((step) => step.startsWith('compile'))).toEqual([
    'compile ; sockets *|81',
    'compile ; sockets *|80,*|81',
  ]);
});

test('closing goes from the sockets inwards', async () => {
  const { worker, taken } = recorded();
  await worker.close();
  expect(taken()).toEqual(['close proxy', 'close clusters', 'close compiler']);
});

function listening(host: string): Promise<{ readonly port: number; close(): Promise<void> }> {
  const { promise, resolve } = Promise.withResolvers<{ port: number; close(): Promise<void> }>();
  const server = createServer().listen(0, host, () => {
    const address = server.address();
    const close = () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      return closed.promise;
    };
    resolve({ port: typeof address === 'object' && address !== null ? address.port : 0, close });
  });
  return promise;
}

test('the probe lets a socket pass that replaces one of our own', async () => {
  const probe = createProbe();
  const first = await listening('127.0.0.1');
  await first.close();
  const socketOn = (address: string) => ({ one: { address, port: first.port, protocol: 'HTTP', tiers: [] } }) as const;
  expect(await probe.check(socketOn('*'))).toEqual({});
  const ours = createServer().listen({ port: first.port });
  cleanups.push(() => ours.close());
  expect(await probe.check({ two: socketOn('127.0.0.1').one })).toEqual({});
});

test('in one thread, too, an address is taken once it is free, and the controller is told', async () => {
  const other = await listening('127.0.0.1');
  const { worker, taken } = recorded();
  const dataPlane = createInProcess(worker, createProbe(), 20);
  cleanups.push(() => dataPlane.close());
  const { promise, resolve } = Promise.withResolvers<Unbound>();
  dataPlane.onRebound?.(resolve);
  const socket = { address: '127.0.0.1', port: other.port, protocol: 'HTTP', tiers: [] };
  const ack = await dataPlane.apply(1, irOf({ sockets: { one: socket } }));
  expect(ack.unbound).toEqual({ bad: 'EACCES', one: `EADDRINUSE: address already in use 127.0.0.1:${other.port}` });
  await other.close();
  expect(await promise).toEqual({ bad: 'EACCES' });
  expect(taken().filter((step) => step.startsWith('compile'))).toEqual(['compile ; sockets ', 'compile ; sockets one']);
});

test('an address is taken once it is free although nobody asked to be told', async () => {
  const other = await listening('127.0.0.1');
  const { worker, taken } = recorded();
  const dataPlane = createInProcess(worker, createProbe(), 20);
  cleanups.push(() => dataPlane.close());
  const socket = { address: '127.0.0.1', port: other.port, protocol: 'HTTP', tiers: [] };
  await dataPlane.apply(1, irOf({ sockets: { one: socket } }));
  await other.close();
  const steps = [...taken()];
  while (!steps.includes('compile ; sockets one')) {
    await new Promise((resolve) => setImmediate(resolve));
    steps.push(...taken());
  }
  expect(steps.filter((step) => step.startsWith('compile'))).toEqual(['compile ; sockets ', 'compile ; sockets one']);
});
