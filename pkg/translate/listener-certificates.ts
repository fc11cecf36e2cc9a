/** The certificates of an HTTPS listener: which can be used, and whether they are for its hostname. */
import { X509Certificate } from 'node:crypto';
import type { Listener } from '../api/gatewayapi.ts';
import type { Problem } from '../status/problem.ts';
import type { Draft } from './draft.ts';
import { normaliseHostname } from './hostname.ts';

export interface ListenerCertificates {
  /** Ids in Ir.certificates. */
  readonly ids: readonly string[];
  /** References that do not resolve: ResolvedRefs False. */
  readonly problems: readonly Problem[];
  /** What clients will complain about. */
  readonly notes: readonly Problem[];
}

export const noCertificates: ListenerCertificates = { ids: [], problems: [], notes: [] };

export function translateCertificates(spec: Listener, path: string, draft: Draft): ListenerCertificates {
  const refs = spec.tls?.certificateRefs ?? [];
  if (refs.length === 0) {
    const message = 'an HTTPS listener needs a certificate; refer to a Secret of type kubernetes.io/tls';
    const problem = { path: `${path}.tls.certificateRefs`, reason: 'InvalidCertificateRef', message };
    return { ...noCertificates, problems: [problem] };
  }
  const ids: string[] = [];
  const problems: Problem[] = [];
  const leaves: string[] = [];
  for (const [i, ref] of refs.entries()) {
    const found = draft.resolveCertificate(ref, `${path}.tls.certificateRefs[${i}]`);
    if (found.problem === undefined) {
      ids.push(found.id);
      leaves.push(draft.outputs.certificates.get(found.id)?.certificate ?? '');
    } else problems.push(found.problem);
  }
  return { ids, problems, notes: leaves.length === 0 ? [] : mismatch(spec, `${path}.tls.certificateRefs`, leaves) };
}

// One of several may be for other names; only if none fits does every client of this listener see an error.
function mismatch(spec: Listener, path: string, chains: readonly string[]): readonly Problem[] {
  const hostname = normaliseHostname(spec.hostname);
  if (hostname === '') return [];
  // Any name under a wildcard will do as a probe: certificates stand for one label there.
  const name = hostname.startsWith('*.') ? `any${hostname.slice(1)}` : hostname;
  // The PEM of a checked chain starts with the leaf, which X509Certificate reads.
  if (chains.some((pem) => new X509Certificate(pem).checkHost(name) !== undefined)) return [];
  const message = `no certificate is for ${hostname}, so clients will refuse it; add one, or correct the hostname`;
  return [{ path, reason: 'CertificateMismatch', message }];
}
