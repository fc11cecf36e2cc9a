/** `spec.tls.frontend` of a Gateway: whether the HTTPS listeners of a port ask clients for certificates, and who vouches for them. */
import type { FrontendTls, Gateway } from '../api/gatewayapi.ts';
import type { ClientValidation } from '../ir/listener.ts';
import type { Problem } from '../status/problem.ts';
import type { Draft } from './draft.ts';

export interface FrontendValidation {
  readonly client: ClientValidation;
  /** References that do not resolve: ResolvedRefs False. */
  readonly problems: readonly Problem[];
  /** Set if not one reference resolves: the listener must not answer without the protection. */
  readonly notAccepted?: Problem;
}

/** @returns undefined: clients of this port are not asked */
export function translateFrontendTls(gateway: Gateway, port: number, draft: Draft): FrontendValidation | undefined {
  const { path, tls } = frontendOf(gateway, port);
  const validation = tls?.validation;
  if (validation === undefined) return undefined;
  const problems: Problem[] = [];
  const authorities: string[] = [];
  for (const [i, ref] of validation.caCertificateRefs.entries()) {
    const found = draft.resolveAuthority(ref, `${path}.caCertificateRefs[${i}]`);
    if (found.problem === undefined) authorities.push(found.id);
    // Gateway API has a reason of its own for this place.
    else if (found.problem.reason !== 'InvalidKind') problems.push(found.problem);
    else problems.push({ ...found.problem, reason: 'InvalidCACertificateKind' });
  }
  const client = {
    authorities,
    mode: validation.mode === 'AllowInsecureFallback' ? ('Ask' as const) : ('Demand' as const),
  };
  if (authorities.length > 0) return { client, problems };
  const message = `no CA certificate to check clients with can be used, so listeners of port ${port} are not served; ${problems[0]?.message ?? 'add one'}`;
  return { client, problems, notAccepted: { path, reason: 'NoValidCACertificate', message } };
}

/** Whether a port of it lets clients in that no CA vouches for: the Gateway has to say so. @returns where it stands, for the message */
export function insecureFallback({ spec }: Gateway): string | undefined {
  const { frontend } = spec.tls ?? {};
  const all = [
    { path: 'spec.tls.frontend.default', tls: frontend?.default },
    ...(frontend?.perPort ?? []).map(({ tls }, i) => ({ path: `spec.tls.frontend.perPort[${i}].tls`, tls })),
  ];
  return all.find(({ tls }) => tls?.validation?.mode === 'AllowInsecureFallback')?.path;
}

/** "perPort: … overrides the default configuration for all Listeners handling HTTPS traffic that match this port" */
function frontendOf({ spec }: Gateway, port: number): { readonly path: string; readonly tls: FrontendTls | undefined } {
  const { frontend } = spec.tls ?? {};
  const i = frontend?.perPort?.findIndex((each) => each.port === port) ?? -1;
  return i >= 0
    ? { path: `spec.tls.frontend.perPort[${i}].tls.validation`, tls: frontend?.perPort?.[i]?.tls }
    : { path: 'spec.tls.frontend.default.validation', tls: frontend?.default };
}
