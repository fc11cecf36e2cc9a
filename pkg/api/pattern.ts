/** The patterns of the schemas, in words: nobody should have to read a regular expression in an error. */
import { DURATION_PATTERN } from './duration.ts';
import { SIZE_PATTERN } from './quantity.ts';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;

const WORDS: Readonly<Record<string, string>> = {
  [DURATION_PATTERN]: 'write a duration such as 10s, 500ms or 1h30m',
  [`^${SUBDOMAIN}$`]:
    'use lower case letters, digits, "-" and "." (a DNS name), without a port, scheme or trailing dot',
  [`^(\\*\\.)?${SUBDOMAIN}$`]:
    'write a DNS name in lower case such as a.example.com or *.example.com, without a port, scheme or path',
  [`^$|^${SUBDOMAIN}$`]:
    'write the group alone, such as gateway.networking.k8s.io (no version), or "" for the core group',
  [`^${LABEL}$`]: 'use lower case letters, digits and "-"; begin and end with a letter or digit',
  '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$': 'write a kind such as Service',
  "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$": "use letters, digits and any of !#$%&'*+-.^_`|~ ",
  '^[!-~]+([\\t ]?[!-~]+)*$': 'use visible ASCII characters, with single spaces between them and none at the ends',
  [`^${SUBDOMAIN}\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+$`]:
    'write a domain and a path, such as gateway.suuupra.io/controller',
  '^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$':
    'use letters, digits, "-", "_" and "."; begin and end with a letter or digit',
  '(^\\*$)|(^(http(s)?):\\/\\/(((\\*\\.)?([a-zA-Z0-9\\-]+\\.)*[a-zA-Z0-9-]+|\\*)(:([0-9]{1,5}))?)$)':
    'write an origin such as https://example.com, https://*.example.com:8443 or *',
  "^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$": 'write a path; encode other characters as %XX',
  [SIZE_PATTERN]: 'write a size such as 64Ki, 10M or 1024',
  '^[0-9a-fA-F.:]+/[0-9]{1,3}$': 'write a CIDR such as 10.0.0.0/8 or fd00::/8',
  '^[0-9a-fA-F.:]+$': 'write an IPv4 or IPv6 address',
  '^/[^\\x00]*$': 'write an absolute path, such as /run/app.sock',
  '^([45][0-9][0-9]|[45]xx)$': 'write an error status, 404, or a class of them, 5xx',
  '^(/[^/]*)+$': 'write a JSON Pointer, such as /meta/user',
  '^[-._a-zA-Z0-9]+$': 'use letters, digits, "-", "_" and "."',
  '^(Auto|[1-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-6])$': 'write Auto, or "1" to "256" in quotes',
};

/** What to write, for a text that does not match `pattern`. */
export function explainPattern(pattern: string): string {
  return Object.hasOwn(WORDS, pattern) ? WORDS[pattern]! : `write text that matches ${pattern}`;
}
