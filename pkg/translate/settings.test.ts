/** What the data plane must never dial in a cluster, whatever an object says. */
import { expect, test } from '@jest/globals';
import type { GatewayClassConfig } from '../api/gatewayclassconfig.ts';
import { goldenOptions } from '../testkit/golden.ts';
import { translateSettings } from './settings.ts';

const cluster = {
  ingressService: '',
  podAddresses: ['10.244.1.7', '10.244.0.5', 'fd00::7'],
  apiServer: ['10.96.0.1'],
  ownAddresses: ['10.244.0.5'],
  refusals: {},
};

function denied(spec: GatewayClassConfig['spec']): readonly string[] {
  const metadata = { name: 'config', namespace: 'infra', generation: 1, labels: {}, annotations: {} };
  const config = { apiVersion: 'gateway.suuupra.io/v1alpha1', kind: 'GatewayClassConfig', metadata, spec } as const;
  return translateSettings(config, { ...goldenOptions, cluster }).egress.deniedCIDRs;
}

test('the API server, and every gateway pod, since a request to one of them would go round', () => {
  expect(denied({ egress: { deniedCIDRs: ['192.0.2.0/24'] } })).toEqual([
    '192.0.2.0/24',
    '10.244.0.5/32',
    '10.244.1.7/32',
    '10.96.0.1/32',
    'fd00::7/128',
  ]);
});

test('on the network of the nodes the API server alone: others listen there, too', () => {
  expect(denied({ dataPlane: { exposure: 'HostNetwork' } })).toEqual(['10.96.0.1/32']);
});
