/** Where the address of a client is read, as GatewayClassConfig and the policy `client` write it. */
import { Type } from 'typebox';
import { choice, cidr, integer, list, type Rule, text } from './schema.ts';

const { Optional } = Type;

const headerSchema = Type.Object(
  {
    name: text(64, 'Name of the field, such as CF-Connecting-IP.', { pattern: '^[A-Za-z0-9-]+$' }),
    failClosed: Type.Boolean({
      default: false,
      description:
        'Refuse requests in which a trusted peer does not say it (403) or says no address (400), and those of anybody else (403).',
    }),
  },
  {
    description:
      'A field with the address and nothing else, asked instead of X-Forwarded-For. Only trusted peers may send it: from anybody else it is removed.',
  },
);

export const clientAddressFields = {
  trustedCIDRs: Optional(list(cidr('CIDR.'), 64, 'Peers whose X-Forwarded-* and Forwarded are believed.')),
  trustedHops: Optional(
    integer(
      0,
      16,
      'Trusted proxies in front of the gateway, counted from the right; one that speaks the PROXY protocol counts.',
    ),
  ),
  proxyProtocol: Optional(
    choice(
      ['Disabled', 'Optional', 'Required'],
      'PROXY protocol (versions 1 and 2) before TLS and HTTP. Optional: connections of trusted peers may begin with its header. Required: every connection has to; where there are trustedCIDRs, others may not connect.',
    ),
  ),
  header: Optional(headerSchema),
};

const trusts =
  '(has(self.trustedCIDRs) && size(self.trustedCIDRs) > 0) || (has(self.trustedHops) && self.trustedHops > 0)';

/** `addressMistakes` checks the same. */
export const clientAddressRules: readonly Rule[] = [
  {
    rule: `!has(self.proxyProtocol) || self.proxyProtocol != 'Optional' || ${trusts}`,
    message: 'proxyProtocol Optional needs trustedCIDRs or trustedHops: otherwise nobody may send its header',
  },
  {
    rule: `!has(self.header) || ${trusts}`,
    message: 'header needs trustedCIDRs or trustedHops: otherwise nobody may send it',
  },
  {
    rule: "!has(self.header) || !(self.header.name.lowerAscii() in ['x-forwarded-for', 'forwarded'])",
    message: 'header.name must not be a list of addresses: leave header out to have X-Forwarded-For read',
  },
];

export interface ClientAddressSpec {
  readonly trustedCIDRs?: readonly string[];
  readonly trustedHops?: number;
  readonly proxyProtocol?: 'Disabled' | 'Optional' | 'Required';
  readonly header?: { readonly name: string; readonly failClosed: boolean };
}

/** @returns the field, what is wrong with it and what to do, as `clientAddressRules` have it */
export function addressMistakes(
  spec: ClientAddressSpec,
): readonly { readonly field: 'proxyProtocol' | 'header'; readonly message: string; readonly fix: string }[] {
  const trusting = (spec.trustedCIDRs?.length ?? 0) > 0 || (spec.trustedHops ?? 0) > 0;
  const fix = 'name the proxies in trustedCIDRs';
  return [
    ...(spec.proxyProtocol === 'Optional' && !trusting
      ? [{ field: 'proxyProtocol' as const, message: 'is Optional, but nobody is trusted to send its header', fix }]
      : []),
    ...(spec.header !== undefined && !trusting
      ? [{ field: 'header' as const, message: 'is set, but nobody is trusted to send it', fix }]
      : []),
    ...(spec.header !== undefined && ['x-forwarded-for', 'forwarded'].includes(spec.header.name.toLowerCase())
      ? [
          {
            field: 'header' as const,
            message: `names ${spec.header.name}, which is a list of addresses`,
            fix: 'leave header out to have X-Forwarded-For read',
          },
        ]
      : []),
  ];
}
