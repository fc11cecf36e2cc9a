/** `gatewayctl crds`: the CustomResourceDefinitions of our kinds. */
import { crdOf, OWN_KINDS, type OwnKind, printCrds } from '../../pkg/api/crd.ts';
import type { Command } from './command.ts';

export const crds: Command = {
  name: 'crds',
  positionals: [],
  summary: 'Print the CustomResourceDefinitions, for kubectl apply --server-side -f -.',
  outputs: ['yaml', 'json'],
  options: {},
  run({ output }, print) {
    const items = (Object.keys(OWN_KINDS) as OwnKind[]).map(crdOf);
    print(output === 'json' ? `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 2)}\n` : printCrds());
    return Promise.resolve(0);
  },
};
