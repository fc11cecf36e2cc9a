/** Cross-field rules of Gateway and ListenerSet; the CRD has them as CEL. Used by rules.ts once the structure is right. */
import { isIP } from 'node:net';
import type { GatewayAddress, GatewaySpec, Listener } from './gatewayapi.ts';
import { isSubdomain, isWildcard } from './hostname.ts';
import { type Findings, quote } from './problem.ts';

/** Findings stand at `spec`. */
export function checkGateway(spec: GatewaySpec, findings: Findings): void {
  checkAddresses(spec.addresses ?? [], findings);
  for (const name of ['labels', 'annotations'] as const) {
    for (const key of Object.keys(spec.infrastructure?.[name] ?? {})) {
      if (isMetadataKey(key)) continue;
      const hint =
        'write name or prefix/name: the name of at most 63 letters, digits, "-", "_" and ".", the prefix a DNS name';
      findings.report(`${quote(key)} is not a valid key`, hint, 'infrastructure', name, key);
    }
  }
  checkListeners(spec.listeners, findings);
}

/** Of a Gateway or a ListenerSet: findings stand at `spec`. */
export function checkListeners(listeners: readonly Listener[], findings: Findings): void {
  findings.enter('listeners');
  const claims = new Map<string, string>();
  for (const [index, listener] of listeners.entries()) {
    findings.enter(index);
    checkListener(listener, findings);
    const claim = JSON.stringify([listener.port, listener.protocol, listener.hostname]);
    const owner = claims.get(claim);
    if (owner === undefined) claims.set(claim, listener.name);
    else findings.report(`has the port, protocol and hostname of listener ${owner}`, 'change one of the three');
    findings.leave();
  }
  findings.leave();
}

function checkListener({ protocol, hostname, tls }: Listener, findings: Findings): void {
  if (tls !== undefined && ['HTTP', 'TCP', 'UDP'].includes(protocol)) {
    findings.report(`must not be set when protocol is ${protocol}`, 'remove tls, or set protocol to HTTPS', 'tls');
  }
  if (protocol === 'HTTPS' && tls !== undefined && tls.mode !== 'Terminate') {
    findings.report('must be Terminate when protocol is HTTPS', 'use Terminate, or set protocol to TLS', 'tls', 'mode');
  }
  if (protocol === 'TLS' && tls === undefined) {
    findings.report('is required when protocol is TLS', 'add tls with a mode', 'tls');
  }
  if (hostname !== undefined && ['TCP', 'UDP'].includes(protocol)) {
    findings.report(`must not be set when protocol is ${protocol}`, 'remove hostname', 'hostname');
  }
  if (tls?.mode === 'Terminate') {
    const material = (tls.certificateRefs ?? []).length + Object.keys(tls.options ?? {}).length;
    if (material === 0) {
      findings.report(
        'is required when mode is Terminate',
        'name a Secret of type kubernetes.io/tls',
        'tls',
        'certificateRefs',
      );
    }
  }
}

function checkAddresses(addresses: readonly GatewayAddress[], findings: Findings): void {
  const seen = new Map<string, number>();
  findings.enter('addresses');
  for (const [index, { type, value }] of addresses.entries()) {
    if (type === 'Hostname' && value !== undefined && value !== '' && !isSubdomain(value) && !isWildcard(value)) {
      findings.report(`${quote(value)} is not a host name`, 'write a DNS name in lower case', index, 'value');
    }
    if (type === 'IPAddress' && value !== undefined && isIP(value) === 0) {
      findings.report(`${quote(value)} is not an IP address`, 'write an IPv4 or IPv6 address', index, 'value');
    }
    if (value === undefined || (type !== 'IPAddress' && type !== 'Hostname')) continue;
    const earlier = seen.get(`${type} ${value}`);
    if (earlier === undefined) seen.set(`${type} ${value}`, index);
    else findings.report(`repeats item [${earlier}]`, 'remove one of them', index, 'value');
  }
  findings.leave();
}

function isMetadataKey(key: string): boolean {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  return (
    (slash < 0 || isSubdomain(key.slice(0, slash))) && /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(name)
  );
}
