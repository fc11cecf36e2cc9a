/** `spec.tls` of a Backend: which name, CAs and client certificate a connection to it is made with. Whatever cannot be had makes it unusable. */
import type { Backend } from '../api/backend.ts';
import type { UpstreamTls } from '../ir/cluster.ts';
import type { Certificate } from '../ir/ir.ts';
import type { Problem } from '../status/problem.ts';
import { resolveAuthority } from './authority.ts';
import { resolveCertificate } from './certificate.ts';
import type { World } from './world.ts';

interface Sinks {
  readonly world: World;
  readonly certificates: Map<string, Certificate>;
  readonly authorities: Map<string, string>;
  readonly problems: Problem[];
}

export function translateUpstreamTls(backend: Backend, sinks: Sinks): UpstreamTls | undefined {
  const { tls } = backend.spec;
  const validation = tls?.validation;
  // Validation of the object demands it for every mode but None.
  if (tls === undefined || validation === undefined) return undefined;
  const { world, problems } = sinks;

  const authorities: string[] = [];
  for (const [i, ref] of (validation.caCertificateRefs ?? []).entries()) {
    const found = resolveAuthority(backend, ref, `spec.tls.validation.caCertificateRefs[${i}]`, world);
    if (found.problem !== undefined) {
      problems.push(found.problem);
      return undefined;
    }
    sinks.authorities.set(found.id, found.pem);
    authorities.push(found.id);
  }

  let clientCertificate: string | undefined;
  if (tls.clientCertificateRef !== undefined) {
    const found = resolveCertificate(backend, tls.clientCertificateRef, 'spec.tls.clientCertificateRef', world);
    if (found.problem !== undefined) {
      problems.push({ ...found.problem, reason: 'InvalidClientCertificateRef' });
      return undefined;
    }
    sinks.certificates.set(found.id, found.certificate);
    clientCertificate = found.id;
  }
  return {
    servername: validation.hostname.toLowerCase(),
    authorities,
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    subjectAltNames: (validation.subjectAltNames ?? []).map(({ type, hostname, uri }) => ({
      kind: type,
      value: (type === 'Hostname' ? hostname : uri) ?? '',
    })),
  };
}
