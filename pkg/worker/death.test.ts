/** A data worker that ends under load takes its own connections with it and no others, and its replacement serves what it served. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BroadcastChannel } from 'node:worker_threads';
import { afterEach, expect, test } from '@jest/globals';
import { loadConfig } from '../config/config.ts';
import { freePorts } from '../testkit/ports.ts';
import { supervise } from './supervisor.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const manifests = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: suuupra }
spec: { controllerName: gateway.suuupra.io/controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public }
spec: { gatewayClassName: suuupra, listeners: [{ name: http, port: 80, protocol: HTTP }] }
---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayRoute
metadata: { name: hello }
spec:
  parentRefs: [{ name: public }]
  rules:
    - filters: [{ type: DirectResponse, directResponse: { statusCode: 200, contentType: text/plain, body: hello } }]
`;

/** Status, or 0 if the connection failed. */
function ask(port: number, path: string, agent?: Agent): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const request = get({ port, path, host: '127.0.0.1', agent: agent ?? false }, (response) => {
    response.resume();
    response.on('close', () => resolve(response.complete ? (response.statusCode ?? 0) : 0));
  });
  request.on('error', () => resolve(0));
  return promise;
}

/** One client with one kept connection, asking until it is told to stop. Its first path tells the worker who it is. */
function client(port: number, name: string, done: () => boolean) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const seen = { ok: 0, failed: 0 };
  const run = async () => {
    for (let path = `/who/${name}`; !done(); path = '/') {
      const status = await ask(port, path, agent);
      if (status === 200) seen.ok++;
      else seen.failed++;
    }
    agent.destroy();
    return seen;
  };
  return run();
}

async function start(): Promise<{ port: number; restarts: () => Promise<number> }> {
  const folder = mkdtempSync(join(tmpdir(), 'death-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'all.yaml'), manifests);
  const [port = 0, admin = 0] = await freePorts(2);
  const argv = ['--directory', folder, '--port-map', `80:${port}`, '--admin-address', `127.0.0.1:${admin}`];
  const loaded = loadConfig({
    argv: [...argv, '--access-log', 'off', '--log-level', 'fatal'],
    env: {},
    readFile: () => '',
  });
  if (loaded.kind !== 'config') throw new Error(JSON.stringify(loaded));
  const printed = Promise.withResolvers<string>();
  const gateway = await supervise({
    config: loaded.config,
    logFormat: 'json',
    workers: 2,
    heapLimit: 48,
    descriptors: 0,
    entries: {
      worker: new URL('./testdata/mortal-worker.ts', import.meta.url),
      controller: new URL('./controller-thread.ts', import.meta.url),
      services: new URL('./services-thread.ts', import.meta.url),
    },
    print: printed.resolve,
  });
  cleanups.push(() => gateway.drain(0));
  await printed.promise;
  return {
    port,
    async restarts() {
      const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
      return Number(/suuupra_thread_restarts_total\{thread="worker"\} (\d+)/.exec(text)?.[1] ?? 0);
    },
  };
}

/** Which thread served a path that asked for it: a client's `/who/…`, or the one that ends its worker. */
function listen(): ReadonlyMap<string, number> {
  const threads = new Map<string, number>();
  const channel = new BroadcastChannel('mortal-worker');
  channel.onmessage = (event) => {
    const { path, thread } = (event as { data: { path: string; thread: number } }).data;
    threads.set(path, thread);
  };
  cleanups.push(() => channel.close());
  return threads;
}

test.each(['/throw', '/exit', '/heap'])('ended by %s', async (path) => {
  const threads = listen();
  const { port, restarts } = await start();
  let stop = false;
  const names = Array.from({ length: 16 }, (_, i) => `${i}`);
  const clients = names.map((name) => client(port, name, () => stop));
  while (threads.size < names.length) await ask(port, '/');
  await ask(port, path);
  while ((await restarts()) === 0) await ask(port, '/');
  // The replacement has its listener back when new connections meet both again; meanwhile the other takes them all.
  for (let i = 0; i < 200; i++) await ask(port, '/');
  stop = true;
  const seen = await Promise.all(clients);
  const served = names.map((name, i) => ({ ...seen[i]!, thread: threads.get(`/who/${name}`) }));
  const dead = threads.get(path);
  const [own, others] = [
    served.filter(({ thread }) => thread === dead),
    served.filter(({ thread }) => thread !== dead),
  ];
  expect(dead).toBeDefined();
  expect(others.length).toBeGreaterThan(0);
  // The other worker's clients have not noticed anything.
  expect(others.filter(({ failed }) => failed > 0)).toEqual([]);
  // Of its own each lost the request it was at, and at most a connection that waited in its queue.
  expect(own.filter(({ failed }) => failed > 2)).toEqual([]);
  expect(Math.min(...seen.map(({ ok }) => ok))).toBeGreaterThan(10);
  expect(await restarts()).toBe(1);
  const after = await Promise.all(Array.from({ length: 100 }, () => ask(port, '/')));
  expect(after.filter((status) => status !== 200)).toEqual([]);
});
