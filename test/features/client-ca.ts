/** A Gateway that asks its clients for certificates, and serves those without one all the same. */
import { testCertificates } from '../../pkg/testkit/certificates.ts';
import { gatewayClass } from './folder.ts';

/** @param authority PEM of the CA whose certificates count */
export function askingGateway(authority: string): string {
  const { certificate, key } = testCertificates().default;
  const encoded = (value: string): string => Buffer.from(value).toString('base64');
  return `${gatewayClass}---
apiVersion: v1
kind: ConfigMap
metadata: { name: ca }
data: { ca.crt: ${JSON.stringify(authority)} }
---
apiVersion: v1
kind: Secret
metadata: { name: server }
type: kubernetes.io/tls
data:
  tls.crt: ${encoded(certificate)}
  tls.key: ${encoded(key)}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public }
spec:
  gatewayClassName: suuupra
  tls:
    frontend:
      default:
        validation: { mode: AllowInsecureFallback, caCertificateRefs: [{ group: "", kind: ConfigMap, name: ca }] }
  listeners:
    - { name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: server }] } }
`;
}
