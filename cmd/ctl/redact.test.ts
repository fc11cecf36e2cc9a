import { describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../pkg/api/object.ts';
import { redactObject } from './redact.ts';

const base = {
  apiVersion: 'v1',
  metadata: { name: 'x', namespace: 'shop', generation: 1, labels: {}, annotations: {} },
};
const object = (more: object): KubeObject => ({ ...base, kind: 'Secret', ...more });

describe('redactObject', () => {
  test('keeps the keys of a Secret and none of its values', () => {
    const secret = object({
      data: { 'tls.key': 'c2VjcmV0', 'ca.crt': 'cHVibGlj' },
      stringData: { password: 'hunter2' },
    });
    const text = JSON.stringify(redactObject(secret));
    expect(text).toContain('tls.key');
    expect(text).not.toMatch(/c2VjcmV0|cHVibGlj|hunter2/);
  });

  test('keeps the CA bundle of a ConfigMap and no other value', () => {
    const map = redactObject(object({ kind: 'ConfigMap', data: { 'ca.crt': 'PEM', page: 'internal' } }));
    expect(map).toMatchObject({ data: { 'ca.crt': 'PEM', page: '[8 characters]' } });
  });

  test.each(['Authorization', 'cookie', 'X-Api-Key', 'x-auth-token'])('hides the value of %s in a filter', (name) => {
    const route = object({
      kind: 'HTTPRoute',
      spec: {
        set: [
          { name, value: 'abc' },
          { name: 'x-a', value: 'seen' },
        ],
      },
    });
    expect(redactObject(route)).toMatchObject({
      spec: {
        set: [
          { name, value: '[redacted]' },
          { name: 'x-a', value: 'seen' },
        ],
      },
    });
  });

  test('drops what repeats the object, and user names in URLs', () => {
    const annotations = {
      'kubectl.kubernetes.io/last-applied-configuration': '{"data":"hunter2"}',
      'nginx.ingress.kubernetes.io/auth-secret': 'basic',
      'nginx.ingress.kubernetes.io/auth-url': 'https://user:hunter2@auth.example/',
    };
    const text = JSON.stringify(redactObject(object({ kind: 'Ingress', metadata: { ...base.metadata, annotations } })));
    expect(text).not.toContain('hunter2');
    expect(text).toContain('auth.example');
  });
});
