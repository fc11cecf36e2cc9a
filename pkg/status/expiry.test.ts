/** Certificates shortly before and after their end. */
import { X509Certificate } from 'node:crypto';
import { expect, test } from '@jest/globals';
import type { KubeObject } from '../api/object.ts';
import type { Ir } from '../ir/ir.ts';
import type { Listener } from '../ir/listener.ts';
import { FakeClock } from '../store/clock.testing.ts';
import { createStore } from '../store/store.ts';
import { testCertificates } from '../testkit/certificates.ts';
import { watchExpiry } from './expiry.ts';

const Day = 24 * 3_600_000;
const certificate = testCertificates()['exact-rsa'];
const end = Date.parse(new X509Certificate(certificate.certificate).validTo);

function object(kind: string, name: string, spec: object = {}): KubeObject {
  const metadata = { name, namespace: 'shop', generation: 1, labels: {}, annotations: {}, uid: `uid-${name}` };
  return { apiVersion: 'v1', kind, metadata, spec } as KubeObject;
}

function listener(name: string, certificates: readonly string[]): Listener {
  const base = { gateway: 'shop/gw', name, port: 443, protocol: 'HTTPS', hostname: '' } as const;
  return { ...base, tls: { certificates, minVersion: 'TLSv1.2' } };
}

function setUp(daysLeft: number, { leads = true, secret = 'old' } = {}) {
  const store = createStore();
  const tls = [{ hosts: ['a.example'], secretName: 'old' }];
  const objects = [
    object('Gateway', 'gw'),
    object('ListenerSet', 'set'),
    object('Ingress', 'ours', { tls }),
    object('Ingress', 'theirs', { tls }),
    object('Secret', 'old'),
    object('Secret', 'default'),
  ];
  store.apply(objects.map((each) => ({ kind: 'upsert', object: each })));
  const ir = {
    listeners: {
      a: listener('https', ['Secret/shop/old']),
      b: listener('other', ['Secret/shop/old']),
      c: listener('shop/set/https', ['Secret/shop/old']),
    },
    routes: { 'Ingress/shop/ours/a.example': {} },
    certificates: { [`Secret/shop/${secret}`]: certificate },
  } as unknown as Ir;
  const clock = new FakeClock();
  const lines: string[] = [];
  const state = { leads, time: end - daysLeft * Day };
  const listeners: (() => void)[] = [];
  const watch = watchExpiry({
    record: ({ subject, reason, message }) => lines.push(`${subject.kind}/${subject.name} ${reason} ${message}`),
    leadership: { leading: () => state.leads, onChange: (each) => void listeners.push(each) },
    clock,
    now: () => new Date(state.time),
  });
  watch.look(ir, store.snapshot());
  const lead = () => {
    state.leads = true;
    for (const each of listeners) each();
  };
  return {
    watch,
    lines,
    clock,
    state,
    lead,
    look: () => watch.look({ ...ir, listeners: { ...ir.listeners } }, store.snapshot()),
  };
}

test('whoever serves a certificate of which two weeks are left is told once, until it is repeated', () => {
  const { lines, look, clock, watch } = setUp(13);
  const when = new Date(end).toISOString().slice(0, 16).replace('T', ' ');
  const text = `CertificateExpiring the certificate in Secret shop/old expires at ${when} UTC; renew it`;
  const all = [`Gateway/gw ${text}`, `ListenerSet/set ${text}`, `Ingress/ours ${text}`];
  expect(lines).toEqual(all);
  look();
  expect(lines).toEqual(all);
  clock.advance(3_600_000);
  expect(lines).toEqual([...all, ...all]);
  watch.close();
  expect(clock.waiting).toBe(0);
});

test('nothing is told before, and in time without any change', () => {
  const { lines, state, clock } = setUp(20);
  expect(lines).toEqual([]);
  state.time = end + Day;
  clock.advance(3_600_000);
  expect(lines).toHaveLength(3);
  expect(lines[0]).toContain('Gateway/gw CertificateExpired');
});

test('only the leader tells, and who becomes it', () => {
  const { lines, lead } = setUp(1, { leads: false });
  expect(lines).toEqual([]);
  lead();
  expect(lines).toHaveLength(3);
});

test('a certificate that no object names, as the default one, is told of its Secret', () => {
  const { lines } = setUp(1, { secret: 'default' });
  expect(lines).toEqual([
    expect.stringMatching(/^Secret\/default CertificateExpiring .* Secret shop\/default expires/),
  ]);
});
