/** Cross-field rules of Backend and GatewayClassConfig; their CRDs have the same as CEL. Used by rules.ts. */
import { isIP } from 'node:net';
import type { BackendSpec } from './backend.ts';
import { addressMistakes } from './client-words.ts';
import type { GatewayClassConfigSpec } from './gatewayclassconfig.ts';
import { isCidr } from './hostname.ts';
import { type Findings, quote } from './problem.ts';

const MEMBERS = {
  ExternalHostname: 'externalHostname',
  Service: 'service',
  Static: 'static',
  UnixSocket: 'unixSocket',
} as const;

/** Findings stand at `spec`. */
export function checkBackend(spec: BackendSpec, findings: Findings): void {
  for (const [type, member] of Object.entries(MEMBERS)) {
    mustMatch(spec[member] !== undefined, spec.type === type, `type is ${spec.type}`, member, findings);
  }
  const named = spec.type === 'ExternalHostname' || spec.type === 'Service';
  mustMatch(spec.port !== undefined, named, `type is ${spec.type}`, 'port', findings);
  const hostname = spec.externalHostname?.hostname;
  if (
    hostname !== undefined &&
    (isIP(hostname) !== 0 || /^[0-9.]+$/.test(hostname) || hostname.endsWith('.cluster.local'))
  ) {
    const hint = 'use type Static for an address, Service for a name of the cluster';
    findings.report(
      `${quote(hostname)} must not be an IP address or end with .cluster.local`,
      hint,
      'externalHostname',
      'hostname',
    );
  }
  for (const [index, { address }] of (spec.static?.endpoints ?? []).entries()) {
    if (isIP(address) === 0) {
      const hint = 'write an IPv4 or IPv6 address, or use type ExternalHostname';
      findings.report(`${quote(address)} is not an IP address`, hint, 'static', 'endpoints', index, 'address');
    }
  }
  if (spec.tls !== undefined) checkTls(spec.tls, findings);
}

function checkTls(tls: NonNullable<BackendSpec['tls']>, findings: Findings): void {
  const { mode, clientCertificateRef, validation } = tls;
  findings.enter('tls');
  mustMatch(
    clientCertificateRef !== undefined,
    mode === 'ClientAndServer',
    `mode is ${mode}`,
    'clientCertificateRef',
    findings,
  );
  mustMatch(validation !== undefined, mode !== 'None', `mode is ${mode}`, 'validation', findings);
  if (validation !== undefined) {
    findings.enter('validation');
    const refs = (validation.caCertificateRefs ?? []).length > 0;
    if (refs === (validation.wellKnownCACertificates !== undefined)) {
      const hint = refs ? 'remove one of them' : 'add wellKnownCACertificates: System, or name a ConfigMap with ca.crt';
      findings.report('exactly one of wellKnownCACertificates and caCertificateRefs must be set', hint);
    }
    for (const [index, name] of (validation.subjectAltNames ?? []).entries()) {
      findings.enter('subjectAltNames');
      findings.enter(index);
      mustMatch(name.hostname !== undefined, name.type === 'Hostname', `type is ${name.type}`, 'hostname', findings);
      mustMatch(name.uri !== undefined, name.type === 'URI', `type is ${name.type}`, 'uri', findings);
      findings.leave();
      findings.leave();
    }
    findings.leave();
  }
  findings.leave();
}

function mustMatch(present: boolean, wanted: boolean, when: string, member: string, findings: Findings): void {
  if (wanted && !present) findings.report(`is required when ${when}`, `add ${member}`, member);
  if (!wanted && present) findings.report(`must not be set when ${when}`, `remove ${member}`, member);
}

/** Findings stand at `spec`. */
export function checkGatewayClassConfig(spec: GatewayClassConfigSpec, findings: Findings): void {
  for (const { field, message, fix } of addressMistakes(spec.dataPlane?.client ?? {}))
    findings.report(message, fix, 'dataPlane', 'client', field);
  checkCidrs(spec.dataPlane?.client?.trustedCIDRs, findings, 'dataPlane', 'client', 'trustedCIDRs');
  checkCidrs(spec.egress?.deniedCIDRs, findings, 'egress', 'deniedCIDRs');
}

function checkCidrs(cidrs: readonly string[] | undefined, findings: Findings, ...where: readonly string[]): void {
  for (const [index, cidr] of (cidrs ?? []).entries()) {
    if (!isCidr(cidr))
      findings.report(`${quote(cidr)} is not a CIDR`, 'write one such as 10.0.0.0/8 or fd00::/8', ...where, index);
  }
}
