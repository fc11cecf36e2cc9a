/** Method configurations → methods. The registry of the data-plane half. */
import type { FilterEnv } from '../runtime.ts';
import { createApiKey } from './apikey.ts';
import { createBasic } from './basic.ts';
import { createClientCertificate } from './clientcert.ts';
import { createExternalAuth } from './extauth.ts';
import { createIntrospection } from './introspection.ts';
import { createJwt } from './jwt.ts';
import type { Method } from './method.ts';
import { createOidc } from './oidc.ts';
import type { MethodConfig, MethodConfigs, MethodType } from './schema.ts';

const methods: {
  readonly [T in MethodType]: (name: string, config: MethodConfigs[T], env: FilterEnv) => Method;
} = {
  JWT: createJwt,
  OIDC: createOidc,
  APIKey: createApiKey,
  Basic: createBasic,
  ClientCertificate: createClientCertificate,
  ExternalAuth: createExternalAuth,
  Introspection: createIntrospection,
};

/** Throws if the configuration cannot be built: its rules then fail closed. */
export function createMethod(method: MethodConfig, env: FilterEnv): Method {
  return create(method.type, method.name, method.config, env);
}

// One call that types check for every type at once: `type` and `config` always belong together.
function create<T extends MethodType>(type: T, name: string, config: MethodConfigs[T], env: FilterEnv): Method {
  return methods[type](name, config, env);
}
