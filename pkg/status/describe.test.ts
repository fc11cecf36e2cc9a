/** The text of an object reads as in `kubectl describe`. */
import { expect, test } from '@jest/globals';
import type { KubeObject } from '../api/object.ts';
import { describeObject } from './describe.ts';

function object(kind: string, fields: object): KubeObject {
  const metadata = { name: 'one', namespace: 'shop', generation: 2, labels: { b: '2', a: '1' }, annotations: {} };
  return { apiVersion: 'example.com/v1', kind, metadata, ...fields };
}

test('keys are sorted and spelt out, rows aligned, lists follow without a mark, problems come last', () => {
  const conditions = [
    { type: 'Accepted', status: 'True', reason: 'Accepted', message: '', lastTransitionTime: '2026-11-25T13:00:00Z' },
    {
      type: 'Programmed',
      status: 'False',
      reason: 'Pending',
      message: 'wait',
      lastTransitionTime: '2026-11-25T13:00:00Z',
    },
  ];
  const text = describeObject(object('Thing', { spec: { hostnames: ['a.b'], tlsMode: 'x', retry: null } }), {
    ref: { group: 'example.com', kind: 'Thing', namespace: 'shop', name: 'one' },
    generation: 2,
    status: { conditions, observedGeneration: 2 },
    problems: [{ path: 'spec.tlsMode', reason: 'Invalid', message: 'write y' }],
  });
  expect(text).toBe(`Name:         one
Namespace:    shop
Labels:       a=1
              b=2
Annotations:  <none>
API Version:  example.com/v1
Kind:         Thing
Metadata:
  Generation:  2
Spec:
  Hostnames:
    a.b
  Retry:     <nil>
  Tls Mode:  x
Status:
  Conditions:
    Last Transition Time:  2026-11-25T13:00:00Z
    Message:
    Reason:                Accepted
    Status:                True
    Type:                  Accepted
    Last Transition Time:  2026-11-25T13:00:00Z
    Message:               wait
    Reason:                Pending
    Status:                False
    Type:                  Programmed
  Observed Generation:     2
Problems:
  Invalid  spec.tlsMode: write y
`);
});

test('a Secret tells how much it holds, never what', () => {
  const text = describeObject(
    object('Secret', { data: { 'tls.key': Buffer.from('private').toString('base64') } }),
    undefined,
  );
  expect(text).toContain('tls.key:  7 bytes');
  expect(text).not.toContain(Buffer.from('private').toString('base64'));
});
