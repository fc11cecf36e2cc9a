/** Control-plane half of authentication: every method must be understood, or the whole key fails closed. */
import type { Problem } from '../../status/problem.ts';
import type { PolicyContext } from '../context.ts';
import { isProblems, type Translated, unsupported } from '../translated.ts';
import { translateApiKey } from './apikey-translate.ts';
import { translateBasic } from './basic-translate.ts';
import { translateClientCertificate } from './clientcert-translate.ts';
import { translateExternalAuth } from './extauth-translate.ts';
import { translateIntrospection } from './introspection-translate.ts';
import { translateJwt } from './jwt-translate.ts';
import { translateOidc } from './oidc-translate.ts';
import type { AuthenticationConfig, MethodConfig, MethodConfigs, MethodType } from './schema.ts';
import { type AuthenticationSpec, type MethodSpec, methodMembers } from './spec.ts';

type Translator<T extends MethodType> = (
  spec: MethodSpec,
  path: string,
  context: PolicyContext,
) => Translated<MethodConfigs[T]>;

const translators: { readonly [T in MethodType]: Translator<T> } = {
  // Present: `wrongMembers` has seen to it.
  JWT: ({ jwt }, path, context) => translateJwt(jwt!, path, context),
  OIDC: ({ oidc }, path, context) => translateOidc(oidc!, path, context),
  APIKey: ({ apiKey }, path, context) => translateApiKey(apiKey!, path, context),
  Basic: ({ basic, name }, path, context) => translateBasic(basic!, name, path, context),
  ClientCertificate: ({ clientCertificate }, path) => translateClientCertificate(clientCertificate!, path),
  ExternalAuth: ({ externalAuth }, path, context) => translateExternalAuth(externalAuth!, path, context),
  Introspection: ({ introspection }, path, context) => translateIntrospection(introspection!, path, context),
};

/** @param path where `spec` stands in its object, for messages */
export function translateAuthentication(
  spec: AuthenticationSpec,
  path: string,
  context: PolicyContext,
): Translated<AuthenticationConfig> {
  const methods: MethodConfig[] = [];
  const problems: Problem[] = [];
  for (const [i, method] of spec.methods.entries()) {
    const at = `${path}.methods[${i}]`;
    const wrong = [...wrongMembers(method, at), ...wrongPlace(spec, i, at)];
    const config =
      wrong.length > 0 ? wrong : translators[method.type](method, `${at}.${methodMembers[method.type]}`, context);
    if (isProblems(config)) problems.push(...config);
    // The type and its configuration belong together, which TypeScript cannot follow through the union.
    else methods.push({ name: method.name, type: method.type, config } as MethodConfig);
  }
  problems.push(...serviceProblems(spec, path));
  if (problems.length > 0) return problems;
  return { require: spec.require, allowAnonymous: spec.allowAnonymous, methods };
}

/** The first identity is the request's, and the cookies of a session go out with it. */
function wrongPlace({ require, methods }: AuthenticationSpec, index: number, path: string): readonly Problem[] {
  if (require === 'Any' || index === 0 || methods[index]?.type !== 'OIDC') return [];
  return [unsupported(`${path}.type`, 'OIDC has to be the first method where All are required; move it up')];
}

/** A service decides on every request that it is asked about, so that nothing comes behind it. */
function serviceProblems({ require, allowAnonymous, methods }: AuthenticationSpec, path: string): readonly Problem[] {
  const at = methods.findIndex(({ type }) => type === 'ExternalAuth');
  if (require === 'All' || at < 0) return [];
  return [
    ...(at === methods.length - 1
      ? []
      : [
          unsupported(
            `${path}.methods[${at + 1}]`,
            'is never asked, since ExternalAuth before it decides; move that down',
          ),
        ]),
    ...(allowAnonymous
      ? [unsupported(`${path}.allowAnonymous`, 'is for the service of ExternalAuth to decide; remove it')]
      : []),
  ];
}

function wrongMembers(method: MethodSpec, path: string): readonly Problem[] {
  return Object.values(methodMembers).flatMap((member): readonly Problem[] => {
    const wanted = methodMembers[method.type] === member;
    if ((method[member] !== undefined) === wanted) return [];
    const fix = wanted
      ? `is missing; add it, or correct type (${method.type})`
      : `is not read with type ${method.type}; remove it`;
    return [unsupported(`${path}.${member}`, fix)];
  });
}
