/** Data-plane half of the filter `ExternalAuth`: one more check, behind those of the key `authentication`. */
import { answerDenied, applyToRequest, cleanser, deny, Later } from '../../extauth/answer.ts';
import { createCheck } from '../../extauth/check.ts';
import type { ExternalAuthConfig } from '../../extauth/config.ts';
import type { Verdict } from '../../extauth/verdict.ts';
import type { Exchange, FilterEnv, RuntimeFilter } from '../runtime.ts';

export function createExternalAuth(config: ExternalAuthConfig, env: FilterEnv): RuntimeFilter {
  const check = createCheck(config, env);
  const cleanse = cleanser(config);
  const later = new Later();

  function settle(verdict: Verdict, exchange: Exchange): void {
    switch (verdict.kind) {
      case 'allowed':
        applyToRequest(verdict, exchange.request.headers);
        later.keep(exchange, verdict.response);
        break;
      case 'denied':
        answerDenied(verdict, exchange, later);
        break;
      case 'too-large':
      case 'undecided':
        deny(verdict, config, exchange);
        break;
      default:
        verdict satisfies never;
    }
  }

  return {
    onRequest: (exchange) => {
      cleanse(exchange.request.headers);
      const verdict = check(exchange);
      if (verdict instanceof Promise) return verdict.then((settled) => settle(settled, exchange));
      settle(verdict, exchange);
      return undefined;
    },
    onResponse: (exchange) => later.apply(exchange),
  };
}
