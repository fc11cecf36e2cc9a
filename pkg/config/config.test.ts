/** Where options come from, which wins, and what each mistake is answered with. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type Config, loadConfig } from './config.ts';
import { flagsReference, helpText } from './help.ts';
import { heapLimitFor, workersFor } from './machine.ts';
import { flagOf, options, variableOf } from './options.ts';

const load = (argv: string, env: Record<string, string> = {}, file = '') =>
  loadConfig({ argv: argv === '' ? [] : argv.split(' '), env, readFile: () => file });

function configOf(argv: string, env: Record<string, string> = {}, file = ''): Config {
  const loaded = load(argv, env, file);
  if (loaded.kind !== 'config') throw new Error(JSON.stringify(loaded));
  return loaded.config;
}

function mistakesOf(argv: string, env: Record<string, string> = {}, file = ''): readonly string[] {
  const loaded = load(argv, env, file);
  return loaded.kind === 'mistakes' ? loaded.mistakes : [];
}

describe('values', () => {
  test.each<[string, keyof Config, unknown]>([
    ['', 'directory', null],
    ['', 'allowLoopbackEndpoints', null],
    ['', 'adminAddress', { host: '127.0.0.1', port: 9901 }],
    ['', 'healthAddress', null],
    ['', 'workers', null],
    ['', 'drainDelay', 5000],
    ['--directory d', 'directory', 'd'],
    ['--directory=d', 'directory', 'd'],
    ['--workers 0', 'workers', 0],
    ['--workers auto', 'workers', null],
    ['--port-map 80:8080,443:8443', 'portMap', { 80: 8080, 443: 8443 }],
    ['--admin-address off', 'adminAddress', null],
    ['--admin-address :9901', 'adminAddress', { host: '', port: 9901 }],
    ['--admin-address [::1]:9901', 'adminAddress', { host: '::1', port: 9901 }],
    ['--addresses 127.0.0.1,::1', 'addresses', ['127.0.0.1', '::1']],
    ['--watch-namespaces shop,billing', 'watchNamespaces', ['shop', 'billing']],
    ['--ingress-service infra/front', 'ingressService', 'infra/front'],
    ['--default-certificate infra/wildcard.example.com', 'defaultCertificate', 'infra/wildcard.example.com'],
    ['', 'instance', 'suuupra-gateway'],
    ['--instance my.release-gateway', 'instance', 'my.release-gateway'],
    ['--mass-delete-hold 1m', 'massDeleteHold', 60_000],
    ['--addresses 192.0.2.0/30', 'addresses', ['192.0.2.1', '192.0.2.2']],
    ['--addresses 192.0.2.5/31', 'addresses', ['192.0.2.4', '192.0.2.5']],
    ['--addresses 192.0.2.5/32', 'addresses', ['192.0.2.5']],
    ['--access-log off', 'accessLog', { kind: 'off' }],
    ['--access-log /a', 'accessLog', { kind: 'file', path: '/a' }],
    ['--drain-timeout 1m30s', 'drainTimeout', 90_000],
    ['--drain-timeout 250ms', 'drainTimeout', 250],
    ['--drain-timeout 0', 'drainTimeout', 0],
    ['--allow-loopback-endpoints', 'allowLoopbackEndpoints', true],
    ['--allow-loopback-endpoints=false', 'allowLoopbackEndpoints', false],
    ['--last-known-good /s', 'lastKnownGood', '/s'],
  ])('"%s" gives %s', (argv, key, value) => {
    expect(configOf(argv)[key]).toEqual(value);
  });

  test('are frozen', () => expect(Object.isFrozen(configOf(''))).toBe(true));
});

describe('precedence', () => {
  const env = { SUUUPRA_WORKERS: '2', SUUUPRA_CONFIG: 'f' };
  test('a flag wins over the environment', () => expect(configOf('--workers 3', env, 'workers: 1').workers).toBe(3));
  test('the environment wins over the file', () => expect(configOf('', env, 'workers: 1').workers).toBe(2));
  test('the file wins over the default', () => expect(configOf('--config f', {}, 'workers: 1').workers).toBe(1));
  test('a file has lists, maps and switches as YAML has them', () => {
    const file =
      'portMap: { 80: 8080 }\naddresses: [192.0.2.1, 192.0.2.2]\nallowLoopbackEndpoints: false\naccessLog: off\n';
    expect(configOf('--config f', {}, file)).toMatchObject({
      portMap: { 80: 8080 },
      addresses: ['192.0.2.1', '192.0.2.2'],
      allowLoopbackEndpoints: false,
      accessLog: { kind: 'off' },
    });
  });
  test('an empty file is no mistake', () => expect(configOf('--config f').workers).toBeNull());
});

describe('mistakes', () => {
  test.each<[string, Record<string, string>, string, string]>([
    ['--directroy x', {}, '', '--directroy is not an option; did you mean --directory?'],
    ['--zzzzzzzzzzz', {}, '', '--zzzzzzzzzzz is not an option; see --help'],
    ['serve', {}, '', '"serve" is not an option; every option starts with --'],
    ['--directory', {}, '', '--directory needs a value: DIR'],
    ['', { SUUUPRA_WORKER: '2' }, '', 'SUUUPRA_WORKER is not an option; did you mean SUUUPRA_WORKERS?'],
    ['--config f', {}, 'worker: 2', 'f: worker is not an option; did you mean workers?'],
    ['--config f', {}, '- a', 'f: holds no mapping; write one option a line, such as workers: 2'],
    [
      '--instance My_Gateway',
      {},
      '',
      '--instance: "My_Gateway" is not valid; write a name of at most 63 lowercase letters, digits, dots and hyphens, such as suuupra',
    ],
    [
      '--workers many',
      {},
      '',
      '--workers: "many" is not valid; write a number from 1 to 256, 0 for everything in one thread, or auto',
    ],
    [
      '',
      { SUUUPRA_WORKERS: '-1' },
      '',
      'SUUUPRA_WORKERS: "-1" is not valid; write a number from 1 to 256, 0 for everything in one thread, or auto',
    ],
    [
      '--config f',
      {},
      'workers: x',
      'workers in f: "x" is not valid; write a number from 1 to 256, 0 for everything in one thread, or auto',
    ],
    [
      '--port-map 80',
      {},
      '',
      '--port-map: "80" is not valid; write pairs LISTENER_PORT:BOUND_PORT such as 80:8080,443:8443',
    ],
    [
      '--port-map 80:1,80:2',
      {},
      '',
      '--port-map: "80:1,80:2" is not valid; write each listener port once; 80 stands twice',
    ],
    [
      '--port-map 0:99999',
      {},
      '',
      '--port-map: "0:99999" is not valid; write pairs LISTENER_PORT:BOUND_PORT such as 80:8080,443:8443',
    ],
    [
      '--admin-address 9901',
      {},
      '',
      '--admin-address: "9901" is not valid; write HOST:PORT such as 127.0.0.1:9901, [::1]:9901 or :9901 for all addresses, or off',
    ],
    [
      '--watch-namespaces shop,Billing',
      {},
      '',
      '--watch-namespaces: "shop,Billing" is not valid; write namespaces separated by commas, such as shop,billing',
    ],
    [
      '--ingress-service front',
      {},
      '',
      '--ingress-service: "front" is not valid; write NAMESPACE/NAME, such as suuupra-system/suuupra-gateway',
    ],
    [
      '--addresses 10.0.0.0/8',
      {},
      '',
      '--addresses: "10.0.0.0/8" is not valid; write IP addresses or a CIDR of at most 1024 addresses, separated by commas',
    ],
    ['--drain-delay 5', {}, '', '--drain-delay: "5" is not valid; write a duration such as 250ms, 10s or 1m30s'],
    ['--transport fast', {}, '', '--transport: "fast" is not valid; write one of auto, socket, handle'],
  ])('"%s" %j "%s"', (argv, env, file, message) => {
    expect(mistakesOf(argv, env, file)).toEqual([message]);
  });

  test('are all told at once', () => expect(mistakesOf('--workers x --transport y --zzzzzzzzzzz')).toHaveLength(3));

  test('a file that cannot be read is one', () => {
    const loaded = loadConfig({
      argv: ['--config', 'f'],
      env: {},
      readFile: () => {
        throw new Error('ENOENT: no such file or directory');
      },
    });
    expect(loaded).toEqual({ kind: 'mistakes', mistakes: ['f: ENOENT: no such file or directory'] });
  });

  test('variables that Kubernetes writes for a Service of our name are not', () => {
    const env = {
      SUUUPRA_SERVICE_HOST: '10.0.0.1',
      SUUUPRA_SERVICE_PORT_HTTP: '80',
      SUUUPRA_PORT: 'tcp://10.0.0.1:80',
      SUUUPRA_GATEWAY_PORT_80_TCP_ADDR: '10.0.0.1',
    };
    expect(mistakesOf('', env)).toEqual([]);
  });
});

describe('help', () => {
  test('wins over every mistake', () => expect(load('--help --nonsense').kind).toBe('help'));
  test('and the version', () => expect(load('--version').kind).toBe('version'));
  test.each(Object.keys(options))('and the reference page name %s', (key) => {
    expect(helpText()).toContain(flagOf(key));
    expect(flagsReference()).toContain(variableOf(key));
  });
});

test('the committed reference page is the one that the options make (make generate writes it)', () => {
  const page = new URL('../../docs/reference/flags.md', import.meta.url);
  expect(readFileSync(page, 'utf8')).toBe(flagsReference());
});

describe('the machine', () => {
  const machine = {
    platform: 'linux',
    parallelism: 8,
    cpuMax: null,
    memoryMax: null,
    memory: 8 * 2 ** 30,
    descriptors: 1024,
  };
  test.each([
    [machine, 8],
    [{ ...machine, cpuMax: 'max 100000\n' }, 8],
    [{ ...machine, cpuMax: '250000 100000\n' }, 2],
    [{ ...machine, cpuMax: '50000 100000\n' }, 1],
    [{ ...machine, platform: 'darwin' }, 1],
  ])('%j runs %i workers', (machine, workers) => expect(workersFor(machine)).toBe(workers));
  test('a heap limit leaves room for the others', () => {
    expect(heapLimitFor({ ...machine, memoryMax: String(2 ** 30) }, 2)).toBe(128);
    expect(heapLimitFor({ ...machine, memoryMax: 'max' }, 2)).toBe(1024);
  });
});
