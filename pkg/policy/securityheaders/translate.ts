/** Control-plane half of security headers: preset and single fields → lines as they stand on the wire. */
import { parseDuration } from '../../api/duration.ts';
import type { Problem } from '../../status/problem.ts';
import { nameProblems } from '../header-translation.ts';
import { type Translated, unsupported } from '../translated.ts';
import { presets } from './presets.ts';
import type { SecurityHeadersConfig, SecurityHeadersSpec } from './schema.ts';

const YearSeconds = 31_536_000;
const Omit = 'Omit';

/** By field of the spec: the header, and its words on the wire; a text field stands as it is written. */
const headers = {
  contentTypeOptions: ['X-Content-Type-Options', { NoSniff: 'nosniff' }],
  frameOptions: ['X-Frame-Options', { Deny: 'DENY', SameOrigin: 'SAMEORIGIN' }],
  referrerPolicy: [
    'Referrer-Policy',
    {
      NoReferrer: 'no-referrer',
      NoReferrerWhenDowngrade: 'no-referrer-when-downgrade',
      Origin: 'origin',
      OriginWhenCrossOrigin: 'origin-when-cross-origin',
      SameOrigin: 'same-origin',
      StrictOrigin: 'strict-origin',
      StrictOriginWhenCrossOrigin: 'strict-origin-when-cross-origin',
      UnsafeURL: 'unsafe-url',
    },
  ],
  contentSecurityPolicy: ['Content-Security-Policy', null],
  permissionsPolicy: ['Permissions-Policy', null],
  crossOriginOpenerPolicy: [
    'Cross-Origin-Opener-Policy',
    { SameOrigin: 'same-origin', SameOriginAllowPopups: 'same-origin-allow-popups', UnsafeNone: 'unsafe-none' },
  ],
  crossOriginEmbedderPolicy: [
    'Cross-Origin-Embedder-Policy',
    { RequireCorp: 'require-corp', Credentialless: 'credentialless', UnsafeNone: 'unsafe-none' },
  ],
  crossOriginResourcePolicy: [
    'Cross-Origin-Resource-Policy',
    { SameOrigin: 'same-origin', SameSite: 'same-site', CrossOrigin: 'cross-origin' },
  ],
} as const satisfies Readonly<Record<string, readonly [name: string, words: Readonly<Record<string, string>> | null]>>;

/** @param path where `spec` stands in its object, for messages */
export function translateSecurityHeaders(spec: SecurityHeadersSpec, path: string): Translated<SecurityHeadersConfig> {
  const preset = spec.preset === undefined ? {} : presets[spec.preset];
  const problems: Problem[] = [];
  const fields: [string, string][] = [];
  for (const [field, [name, words]] of Object.entries(headers)) {
    const key = field as keyof typeof headers;
    const value = spec[key] ?? preset[key];
    if (value === undefined || value === Omit) continue;
    if (words === null && !/^[ -~]+$/.test(value))
      problems.push(
        unsupported(`${path}.${field}`, 'holds a line break or a character beyond ASCII; write it in one line'),
      );
    // `??` because a map of words knows only its own.
    fields.push([name, words === null ? value.trim() : ((words as Readonly<Record<string, string>>)[value] ?? value)]);
  }
  const hsts = spec.hsts ?? preset.hsts;
  const line = hsts === undefined ? null : hstsLine(hsts, `${path}.hsts`, problems);
  const remove = spec.remove ?? ['Server', 'X-Powered-By'];
  problems.push(...remove.flatMap((name, i) => nameProblems(name, `${path}.remove[${i}]`, {})));
  if (problems.length > 0) return problems;
  return { fields, hsts: line, remove: remove.map((name) => name.toLowerCase()), override: spec.override };
}

function hstsLine(hsts: NonNullable<SecurityHeadersSpec['hsts']>, path: string, problems: Problem[]): string {
  const seconds = hsts.maxAge === undefined ? YearSeconds : Math.floor((parseDuration(hsts.maxAge) ?? 0) / 1000);
  // hstspreload.org: "The max-age must be at least 31536000 seconds (1 year)", and includeSubDomains is asked for.
  if (hsts.preload && !hsts.includeSubDomains)
    problems.push(unsupported(`${path}.preload`, 'needs includeSubDomains; set it, or leave preload out'));
  if (hsts.preload && seconds < YearSeconds)
    problems.push(unsupported(`${path}.maxAge`, `${hsts.maxAge} is too short for preload; write 8760h or more`));
  return `max-age=${seconds}${hsts.includeSubDomains ? '; includeSubDomains' : ''}${hsts.preload ? '; preload' : ''}`;
}
