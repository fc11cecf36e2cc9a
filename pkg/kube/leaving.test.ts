/** The CRD of a kind: there, being deleted, gone, or not to be seen. */
import { expect, test } from '@jest/globals';
import { type KubeApi, KubeError, type KubeRequest } from './api.ts';
import { isLeaving } from './leaving.ts';

function answering(answer: object | KubeError): KubeApi & { asked: KubeRequest[] } {
  const asked: KubeRequest[] = [];
  return {
    asked,
    async send(request) {
      asked.push(request);
      if (answer instanceof KubeError) throw answer;
      return answer;
    },
    watch: () => {
      throw new Error('nobody watches');
    },
    close: async () => {},
  };
}

test.each<[string, object | KubeError, boolean]>([
  ['there', { metadata: {} }, false],
  ['being deleted', { metadata: { deletionTimestamp: '2026-11-25T10:00:00Z' } }, true],
  ['gone', new KubeError('not found', { code: 404 }), true],
  ['not to be read', new KubeError('forbidden', { code: 403 }), false],
  ['behind an API server that is away', new KubeError('connect ECONNREFUSED', { code: 0 }), false],
])('a CRD that is %s', async (_, answer, leaving) => {
  const api = answering(answer);
  expect(await isLeaving(api, 'GatewayRoute', AbortSignal.timeout(1000))).toBe(leaving);
  expect(api.asked.map(({ path }) => path)).toEqual([
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gatewayroutes.gateway.suuupra.io',
  ]);
});
