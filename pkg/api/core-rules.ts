/** Rules of the core kinds that the API server checks in code. Used by rules.ts once the structure is right. */
import { isIP, isIPv4, isIPv6 } from 'node:net';
import type { ConfigMap, EndpointSlice, Ingress, IngressBackend, IngressClass, Secret, Service } from './core.ts';
import { isSubdomain, isWildcard } from './hostname.ts';
import { checkMatchPath } from './path-rules.ts';
import { type Findings, quote } from './problem.ts';

/** Source: ValidateIngressSpec. */
export function checkIngress({ spec }: Pick<Ingress, 'spec'>, findings: Findings): void {
  findings.enter('spec');
  if (spec.defaultBackend === undefined && (spec.rules ?? []).length === 0) {
    findings.report('has neither rules nor a defaultBackend', 'add one of them');
  }
  if (spec.defaultBackend !== undefined) checkBackend(spec.defaultBackend, findings, 'defaultBackend');
  for (const [index, { hosts = [] }] of (spec.tls ?? []).entries()) {
    for (const [place, host] of hosts.entries()) checkHost(host, findings, 'tls', index, 'hosts', place);
  }
  for (const [index, { host, http }] of (spec.rules ?? []).entries()) {
    if (host !== undefined && host !== '') checkHost(host, findings, 'rules', index, 'host');
    for (const [place, { path = '', pathType, backend }] of (http?.paths ?? []).entries()) {
      const where = ['rules', index, 'http', 'paths', place] as const;
      for (const segment of where) findings.enter(segment);
      if (pathType !== 'ImplementationSpecific') checkMatchPath(path, findings, 'path');
      else if (path !== '' && !path.startsWith('/')) {
        findings.report(`${quote(path)} must be an absolute path`, 'begin it with /', 'path');
      }
      checkBackend(backend, findings, 'backend');
      for (const _ of where) findings.leave();
    }
  }
  findings.leave();
}

function checkHost(host: string, findings: Findings, ...below: readonly (string | number)[]): void {
  if (isIP(host) !== 0) {
    findings.report(`${quote(host)} is an IP address`, 'write a DNS name, or leave the host out', ...below);
  } else if (!isSubdomain(host) && !isWildcard(host)) {
    const hint =
      'write a DNS name in lower case such as a.example.com or *.example.com, without a port, scheme or path';
    findings.report(`${quote(host)} is not a host name`, hint, ...below);
  }
}

function checkBackend({ service, resource }: IngressBackend, findings: Findings, name: string): void {
  if (service !== undefined && resource !== undefined) {
    findings.report('only one of service and resource may be set', 'remove one of them', name);
  } else if (service === undefined && resource === undefined) {
    findings.report('needs a service or a resource', 'add service with name and port', name);
  }
  if (service === undefined) return;
  const { name: portName, number } = service.port ?? {};
  if ((portName === undefined) === (number === undefined)) {
    const message = number === undefined ? 'needs a number or a name' : 'only one of number and name may be set';
    findings.report(message, 'write port: {number: 8080} or port: {name: http}', name, 'service', 'port');
  }
}

/** Source: ValidateIngressClassParametersReference. */
export function checkIngressClass({ spec: { parameters } }: Pick<IngressClass, 'spec'>, findings: Findings): void {
  if (parameters === undefined) return;
  if (parameters.scope === 'Namespace' && parameters.namespace === undefined) {
    findings.report('is required when scope is Namespace', 'add namespace', 'spec', 'parameters', 'namespace');
  } else if (parameters.scope === 'Cluster' && parameters.namespace !== undefined) {
    const hint = 'remove it, or set scope to Namespace';
    findings.report('must not be set when scope is Cluster', hint, 'spec', 'parameters', 'namespace');
  }
}

/** Source: ValidateService. */
export function checkService({ spec }: Pick<Service, 'spec'>, findings: Findings): void {
  findings.enter('spec');
  const ports = spec.ports ?? [];
  if (
    spec.type === 'ExternalName' &&
    (spec.externalName === undefined || !isSubdomain(spec.externalName.replace(/\.$/, '')))
  ) {
    findings.report('must be a DNS name when type is ExternalName', 'write the name that is meant', 'externalName');
  }
  if (spec.type !== 'ExternalName' && ports.length === 0 && spec.clusterIP !== 'None') {
    findings.report('is required', 'add at least one port', 'ports');
  }
  const names = new Set<string>();
  const numbers = new Set<string>();
  for (const [index, { name, port, protocol }] of ports.entries()) {
    if (name === undefined && ports.length > 1) {
      findings.report('is required where a Service has several ports', 'add a name', 'ports', index, 'name');
    } else if (name !== undefined && names.has(name)) {
      findings.report(`${quote(name)} is the name of another port, too`, 'rename one of them', 'ports', index, 'name');
    }
    if (numbers.has(`${protocol} ${port}`)) {
      findings.report(`${port} stands for another port, too`, 'remove one of them', 'ports', index, 'port');
    }
    if (name !== undefined) names.add(name);
    numbers.add(`${protocol} ${port}`);
  }
  findings.leave();
}

/**
 * Source: ValidateEndpointSlice; but loopback and link-local addresses pass: the egress guard refuses them when it connects,
 * and a gateway that reads a directory on a developer's machine may allow loopback.
 */
export function checkEndpointSlice(
  { addressType, endpoints }: Pick<EndpointSlice, 'addressType' | 'endpoints'>,
  findings: Findings,
): void {
  const isRight = { IPv4: isIPv4, IPv6: isIPv6, FQDN: isSubdomain }[addressType];
  for (const [index, { addresses }] of endpoints.entries()) {
    for (const [place, address] of addresses.entries()) {
      if (isRight(address)) continue;
      const hint = `write one of addressType ${addressType}, or change addressType`;
      findings.report(
        `${quote(address)} is not of addressType ${addressType}`,
        hint,
        'endpoints',
        index,
        'addresses',
        place,
      );
    }
  }
}

const DATA_KEY = /^[-._a-zA-Z0-9]{1,253}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Source: ValidateSecret. */
export function checkSecret({ type, data }: Pick<Secret, 'type' | 'data'>, findings: Findings): void {
  checkKeys(data, 'data', findings);
  checkBase64(data, 'data', findings);
  if (type !== 'kubernetes.io/tls') return;
  for (const key of ['tls.crt', 'tls.key']) {
    if (Object.hasOwn(data, key)) continue;
    findings.report(
      'is required in a Secret of type kubernetes.io/tls',
      'add it, base64-encoded, or use stringData',
      'data',
      key,
    );
  }
}

/** Source: ValidateConfigMap. */
export function checkConfigMap({ data, binaryData }: Pick<ConfigMap, 'data' | 'binaryData'>, findings: Findings): void {
  checkKeys(data, 'data', findings);
  checkKeys(binaryData, 'binaryData', findings);
  checkBase64(binaryData, 'binaryData', findings);
  for (const key of Object.keys(binaryData)) {
    if (Object.hasOwn(data, key)) findings.report('is in data, too', 'remove one of them', 'binaryData', key);
  }
}

function checkKeys(data: Readonly<Record<string, string>>, where: string, findings: Findings): void {
  for (const key of Object.keys(data)) {
    if (DATA_KEY.test(key)) continue;
    findings.report(
      `${quote(key)} is not a valid key`,
      'use at most 253 letters, digits, "-", "_" and "."',
      where,
      key,
    );
  }
}

function checkBase64(data: Readonly<Record<string, string>>, where: string, findings: Findings): void {
  for (const [key, value] of Object.entries(data)) {
    // Never the value itself: it may be a secret.
    if (!BASE64.test(value.replaceAll(/[\r\n]/g, ''))) {
      findings.report(
        'is not base64',
        where === 'data' ? 'encode it, or write it under stringData' : 'encode it',
        where,
        key,
      );
    }
  }
}
