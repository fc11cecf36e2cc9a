/** Which tenant a request is about. */
import type { RequestView } from '../runtime.ts';
import { spellings } from '../spellings.ts';
import type { TenantConfig } from './schema.ts';

/** @returns gives undefined if the request names none, never `''`: that would be the tenant of an identity without one */
export function tenantReader(source: TenantConfig['source']): (request: RequestView) => string | undefined {
  switch (source.kind) {
    case 'hostname': {
      const { suffix } = source;
      return ({ host }) => {
        const label = host.endsWith(suffix) ? host.slice(0, -suffix.length) : '';
        // One label: `evil.acme.example.com` is no host of acme.
        return label.includes('.') ? undefined : unlessEmpty(label);
      };
    }
    case 'path': {
      const { prefix } = source;
      return ({ path }) =>
        path.startsWith(prefix) ? unlessEmpty(path.slice(prefix.length).split('/', 1)[0]) : undefined;
    }
    case 'header': {
      const { name } = source;
      // Where underscores are allowed `X_Tenant` beside X-Tenant may be what the backend reads.
      const copies = spellings(name).filter((spelling) => spelling !== name);
      // Several lines are joined by commas, and then equal no tenant.
      return ({ headers }) => (copies.some((copy) => headers.has(copy)) ? undefined : unlessEmpty(headers.get(name)));
    }
    default:
      return source satisfies never;
  }
}

function unlessEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
