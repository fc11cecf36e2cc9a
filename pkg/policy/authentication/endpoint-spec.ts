/** Words for what a method asks over HTTP: an address of its own, or a backend of the cluster. */
import { Type } from 'typebox';
import { choice, objectName, port, type Rule, text } from '../../api/schema.ts';

export const caCertificateRef = Type.Optional(
  Type.Object(
    {
      kind: choice(['ConfigMap', 'Secret'], 'Kind of the object.', { default: 'ConfigMap' }),
      name: objectName('Name of the object, in the namespace of the policy.'),
    },
    { description: 'CA bundle (key ca.crt) for the certificate of the issuer; absent: the CAs of the system.' },
  ),
);

/** @param what stands there: `the key set` */
export function backendRef(what: string) {
  return Type.Object(
    {
      group: Type.String({ maxLength: 253, default: '', description: 'API group; empty for the core group.' }),
      kind: Type.String({ minLength: 1, maxLength: 63, default: 'Service', description: 'Service or Backend.' }),
      name: objectName('Name of the object.'),
      namespace: Type.Optional(text(63, 'Namespace; absent: that of the policy. Another one needs a ReferenceGrant.')),
      port: Type.Optional(port('Port; required for a Service.')),
    },
    { description: `Service or Backend that serves ${what}, over http unless a BackendTLSPolicy says otherwise.` },
  );
}

/** @param what stands there: `the key set` */
export function endpointFields(what: string) {
  return {
    uri: Type.Optional(text(2048, `https address of ${what}.`, { pattern: '^https://[^\\s#]+$' })),
    backendRef: Type.Optional(backendRef(what)),
    path: Type.Optional(text(1024, `Path of ${what} at backendRef.`, { pattern: '^/[^\\s#]*$' })),
    caCertificateRef,
  };
}

export const endpointRules: readonly Rule[] = [
  { rule: 'has(self.uri) != has(self.backendRef)', message: 'exactly one of uri and backendRef must be set' },
  { rule: 'has(self.path) == has(self.backendRef)', message: 'path must be set with backendRef, and only then' },
  {
    rule: '!has(self.caCertificateRef) || has(self.uri)',
    message: 'caCertificateRef is for uri; a BackendTLSPolicy says it for backendRef',
  },
];
