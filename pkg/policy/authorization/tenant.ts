/** Which tenant a request is about. */
import type { RequestView } from '../runtime.ts';
import type { TenantConfig } from './schema.ts';

/** @returns undefined if the request names none, never `''`: that would be the tenant of an identity without one */
export function requestedTenant(source: TenantConfig['source'], request: RequestView): string | undefined {
  switch (source.kind) {
    case 'hostname': {
      const { host } = request;
      const label = host.endsWith(source.suffix) ? host.slice(0, -source.suffix.length) : '';
      // One label: `evil.acme.example.com` is no host of acme.
      return label.includes('.') ? undefined : unlessEmpty(label);
    }
    case 'path': {
      const { path } = request;
      return path.startsWith(source.prefix)
        ? unlessEmpty(path.slice(source.prefix.length).split('/', 1)[0])
        : undefined;
    }
    case 'header':
      // Several lines are joined by commas, and then equal no tenant.
      return unlessEmpty(request.headers.get(source.name));
    default:
      return source satisfies never;
  }
}

function unlessEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
