/** What of an IR the services thread obeys: it gets no more of it. */
import type { Ir } from '../ir/ir.ts';
import type { ServicesSettings } from '../services/feed.ts';

export function servicesSettings({ settings }: Ir): ServicesSettings {
  return { egress: settings.default.egress };
}
