/** Data-plane half of external authorization as a method: the service decides, and says who is asking. */
import { answerDenied, applyToRequest, cleanser, deny, Later } from '../../extauth/answer.ts';
import { createCheck } from '../../extauth/check.ts';
import { authorityOf } from '../../extauth/judged.ts';
import type { Allowed, Denied, Verdict } from '../../extauth/verdict.ts';
import type { Identity } from '../identity.ts';
import type { Exchange, FilterEnv, RequestView } from '../runtime.ts';
import { isNavigation } from './browser.ts';
import { isPlain } from './claim.ts';
import type { ExternalAuthMethodConfig, IdentityFacts, SigninConfig } from './extauth-schema.ts';
import type { Method, Outcome } from './method.ts';

const answered: Outcome = { kind: 'answered' };

/** Of somebody whom the service let pass without a name. */
const ANONYMOUS = 'anonymous';

export function createExternalAuth(name: string, config: ExternalAuthMethodConfig, env: FilterEnv): Method {
  const check = createCheck(config.check, env);
  const cleanse = cleanser(config.check);
  const later = new Later();
  /** What came with an identity, until the whole policy has accepted. An answer of the cache is one identity, however often it is used. */
  const identities = new WeakMap<Allowed, Identity>();
  const verdicts = new WeakMap<Identity, Allowed>();

  function accept(verdict: Allowed): Outcome {
    let identity = identities.get(verdict);
    if (identity === undefined) {
      identity = identityOf(name, config.identity, verdict.facts);
      identities.set(verdict, identity);
      verdicts.set(identity, verdict);
    }
    return { kind: 'accepted', identity };
  }

  function settle(verdict: Verdict, exchange: Exchange): Outcome {
    switch (verdict.kind) {
      case 'allowed':
        later.keep(exchange, verdict.response);
        return accept(verdict);
      case 'denied':
        answerDenied(signinFor(verdict, config.signin, exchange.request), exchange, later);
        return answered;
      case 'too-large':
      case 'undecided':
        deny(verdict, config.check, exchange);
        return answered;
      default:
        return verdict satisfies never;
    }
  }

  return {
    name,
    cleanse: ({ request }) => cleanse(request.headers),
    authenticate(exchange) {
      const verdict = check(exchange);
      return verdict instanceof Promise
        ? verdict.then((settled) => settle(settled, exchange))
        : settle(verdict, exchange);
    },
    accepted({ request }, identity) {
      const verdict = verdicts.get(identity);
      if (verdict !== undefined) applyToRequest(verdict, request.headers);
    },
    responded: (exchange) => later.apply(exchange),
  };
}

/** As `auth-signin` of ingress-nginx, but for browsers alone: a script cannot use the page of a login. */
function signinFor(denied: Denied, signin: SigninConfig | null, request: RequestView): Denied {
  if (signin === null || denied.status !== 401 || !isNavigation(request)) return denied;
  const { cookies } = denied;
  const headers = { location: locationOf(signin, request), 'cache-control': 'no-store' };
  return { kind: 'denied', status: 302, headers, cookies, body: new Uint8Array() };
}

function locationOf({ url, redirectParam }: SigninConfig, request: RequestView): string {
  if (redirectParam === '') return url;
  const { scheme, forwardPath, query } = request;
  // `$scheme://$http_host$escaped_request_uri`: what the browser asked for, not what policies made of it.
  const back = `${scheme}://${authorityOf(request)}${encodeURIComponent(forwardPath + query)}`;
  return `${url}${url.includes('?') ? '&' : '?'}${redirectParam}=${back}`;
}

function identityOf(provider: string, names: IdentityFacts, facts: Allowed['facts']): Identity {
  const [subject = ANONYMOUS] = wordsOf(facts, names.subject, /$^/);
  const [tenant = ''] = wordsOf(facts, names.tenant, /$^/);
  return {
    method: 'ExternalAuth',
    provider,
    subject,
    tenant,
    scopes: wordsOf(facts, names.scopes, /[\s,]+/),
    roles: wordsOf(facts, names.roles, /,/),
    claims: facts,
  };
}

function wordsOf(facts: Allowed['facts'], name: string, separator: RegExp): readonly string[] {
  const value = name !== '' && Object.hasOwn(facts, name) ? facts[name] : undefined;
  const parts = Array.isArray(value)
    ? value.filter(isPlain).map(String)
    : isPlain(value)
      ? String(value).split(separator)
      : [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}
