/** Control-plane half of authorization: every rule must be understood, or the whole key fails closed. */
import type { Problem } from '../../status/problem.ts';
import type { PolicyContext } from '../context.ts';
import { expressionProblems, sourcesOf } from '../expression-translation.ts';
import { isProblems, type Translated, unsupported } from '../translated.ts';
import type { AuthorizationConfig, AuthorizationSpec, TenantConfig, TenantSpec } from './schema.ts';

const Token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** @param path where `spec` stands in its object, for messages */
export function translateAuthorization(
  spec: AuthorizationSpec,
  path: string,
  context: Pick<PolicyContext, 'hasCountries'>,
): Translated<AuthorizationConfig> {
  const { rules = [], tenant } = spec;
  if (rules.length === 0 && tenant === undefined && spec.defaultAction === undefined)
    return [unsupported(path, 'says nothing; write rules, tenant or defaultAction')];
  const scope = sourcesOf(context);
  const problems = rules.flatMap(({ when }, i) =>
    expressionProblems(when, 'condition', `${path}.rules[${i}].when`, scope),
  );
  const isolation = tenant === undefined ? null : translateTenant(tenant, `${path}.tenant`);
  if (isolation !== null && isProblems(isolation)) return [...problems, ...isolation];
  if (problems.length > 0) return problems;

  const allows = rules.some(({ action }) => action === 'Allow');
  const configs = rules.map(({ name, action, scopes = [], roles = [], claims = [], when = '' }) => ({
    name,
    action,
    scopes,
    roles,
    claims,
    when,
  }));
  return {
    // Rules that only deny say who is kept out; everybody else may pass, or the rules would be pointless.
    defaultAction: spec.defaultAction ?? (allows ? 'Deny' : 'Allow'),
    tenant: isolation,
    rules: [
      ...configs.filter(({ action }) => action === 'Deny'),
      ...configs.filter(({ action }) => action === 'Allow'),
    ],
  };
}

function translateTenant(spec: TenantSpec, path: string): Translated<TenantConfig> {
  const source = sourceOf(spec, path);
  return isProblems(source) ? source : { claim: spec.claim ?? '', source };
}

const members = { Hostname: 'hostname', Path: 'path', Header: 'header' } as const;

function sourceOf(spec: TenantSpec, path: string): Translated<TenantConfig['source']> {
  const wanted = members[spec.type];
  const problems = Object.values(members).flatMap((member): readonly Problem[] => {
    if ((spec[member] !== undefined) === (member === wanted)) return [];
    const fix = member === wanted ? 'is missing; add it, or correct type' : 'is not read; remove it, or correct type';
    return [unsupported(`${path}.${member}`, `${fix} (${spec.type})`)];
  });
  if (problems.length > 0) return problems;
  if (spec.hostname !== undefined) return hostnameSource(spec.hostname.suffix, `${path}.hostname.suffix`);
  if (spec.path !== undefined) return pathSource(spec.path.prefix, `${path}.path.prefix`);
  const name = spec.header?.name ?? '';
  if (!Token.test(name))
    return [unsupported(`${path}.header.name`, `"${name}" is no field name; write one such as x-tenant`)];
  return { kind: 'header', name: name.toLowerCase() };
}

function hostnameSource(suffix: string, path: string): Translated<TenantConfig['source']> {
  const domain = suffix.toLowerCase().replace(/^\./, '');
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(domain))
    return [unsupported(path, `"${suffix}" is no domain; write one such as shop.example.com`)];
  return { kind: 'hostname', suffix: `.${domain}` };
}

function pathSource(prefix: string, path: string): Translated<TenantConfig['source']> {
  // The canonical path is compared, which is decoded and clean.
  if (!prefix.startsWith('/') || /[?#%\\\p{Cc}]|\/\/|\/\.{1,2}(?:\/|$)/u.test(prefix))
    return [
      unsupported(
        path,
        `"${prefix}" is no plain path prefix; write one such as /tenants, decoded and without dot segments`,
      ),
    ];
  return { kind: 'path', prefix: prefix.endsWith('/') ? prefix : `${prefix}/` };
}
