/** The request that asks a service whether another one may pass. */
import type { Exchange } from '../policy/runtime.ts';
import type { HttpService } from './config.ts';
import { isForHttpService, isForwarded } from './field-names.ts';
import { judgedTarget } from './judged.ts';
import { nginxFields } from './nginx-fields.ts';

export interface CheckRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Prepared once per configuration. */
export function createCheckRequest(service: HttpService): (exchange: Exchange) => CheckRequest {
  const { method, path, contract, requestHeaders } = service;
  const listed = requestHeaders === null ? null : new Set([...requestHeaders, 'authorization']);
  return (exchange) => {
    const { request } = exchange;
    const fields = new Map<string, string>();
    for (const [name, value] of request.headers.lines()) {
      const wanted = listed === null || listed.has(name);
      if (!wanted || !isForHttpService(name) || (contract === 'nginx' && isForwarded(name))) continue;
      const before = fields.get(name);
      fields.set(name, before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`);
    }
    return {
      method: method === 'Original' ? request.method : method,
      path: path.type === 'Fixed' ? path.value : `${path.value}${judgedTarget(request)}`,
      headers: { ...Object.fromEntries(fields), ...(contract === 'nginx' && nginxFields(exchange)) },
    };
  };
}
