/**
 * A virtual HTTPS listener takes its hostname from a wider listener of the same Gateway (the most specific one serves, and no
 * other). Only the certificate was meant to change, so routes of the wider one serve on it as well.
 */
import type { Attachment, Route } from '../ir/route.ts';
import { intersectHostnames } from './hostname.ts';
import type { Place, Virtual } from './ingress-place.ts';
import type { Memo } from './memo.ts';

/** @param routes those attached so far; changed in place */
export function shareRoutes(routes: Map<string, Route>, place: Place, memo: Memo): void {
  const shadowed = new Map<string, Virtual[]>();
  for (const virtual of place.virtual) {
    if (virtual.shadows === undefined) continue;
    shadowed.set(virtual.shadows.id, [...(shadowed.get(virtual.shadows.id) ?? []), virtual]);
  }
  if (shadowed.size === 0) return;
  for (const [id, route] of routes) {
    const shared = route.attachments.flatMap((attachment) =>
      shareOf(attachment, shadowed.get(attachment.listener) ?? []),
    );
    if (shared.length > 0)
      routes.set(id, memo.stable(`shared ${id}`, { ...route, attachments: [...route.attachments, ...shared] }));
  }
}

function shareOf({ hostnames }: Attachment, virtuals: readonly Virtual[]): readonly Attachment[] {
  return virtuals.flatMap(({ id, hostname }) => {
    const common = hostnames.map((own) => intersectHostnames(own, hostname)).filter((host) => host !== undefined);
    return common.length === 0 ? [] : [{ listener: id, hostnames: [...new Set(common)].sort() }];
  });
}
