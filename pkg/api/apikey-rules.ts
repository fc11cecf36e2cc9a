/** Cross-field rules of APIKey; its CRD has the same as CEL. Used by rules.ts. */
import type { APIKeySpec } from './apikey.ts';
import { type Findings, quote } from './problem.ts';

/** Findings stand at `spec`. That a hash never changes is the API server's to see: a directory has no former object. */
export function checkAPIKey({ keys }: APIKeySpec, findings: Findings): void {
  for (const [index, { notBefore, expires }] of keys.entries()) {
    for (const [field, value] of Object.entries({ notBefore, expires }))
      if (value !== undefined && !isTime(value))
        findings.report(
          `${quote(value)} is not a time`,
          'write one such as 2026-12-01T00:00:00Z',
          'keys',
          index,
          field,
        );
    if (notBefore !== undefined && expires !== undefined && notBefore >= expires)
      findings.report('must be before expires', 'correct one of them', 'keys', index, 'notBefore');
  }
}

/** The pattern lets the 31st of February through, which Date.parse reads as some day of March. */
function isTime(value: string): boolean {
  const time = Date.parse(value);
  return Number.isFinite(time) && new Date(time).toISOString().slice(0, 19) === value.slice(0, 19);
}
