/** The files of a new policy: it adds one response header, which is the least that has a schema, a mistake to find and a phase. */

export interface PolicyNames {
  /** `quietHours`: the key. */
  readonly name: string;
  /** `QuietHours` */
  readonly type: string;
  /** `quiethours` */
  readonly folder: string;
}

export function policyFiles({ name, type, folder }: PolicyNames): readonly (readonly [file: string, text: string])[] {
  return [
    [
      'schema.ts',
      `/** ${name}: what users write, and what a worker needs of it. */
import { Type } from 'typebox';
import { text, type ValueOf } from '../../api/schema.ts';

export const ${name}Schema = Type.Object(
  { header: text(256, 'Name of the header field that answers carry.') },
  { description: 'Say in a sentence what it does.' },
);

export type ${type}Spec = ValueOf<typeof ${name}Schema>;

/** Plain JSON: it crosses threads. Everything that does not depend on a request is decided here. */
export interface ${type}Config {
  readonly header: string;
}
`,
    ],
    [
      'translate.ts',
      `/** Control-plane half of ${name}: checks what the schema cannot say, and decides everything that does not depend on a request. */
import { type Translated, unsupported } from '../translated.ts';
import type { ${type}Config, ${type}Spec } from './schema.ts';

const Token = /^[!#$%&'*+\\-.^_\`|~0-9A-Za-z]+$/;

/** @param path where \`spec\` stands in its object, for messages */
export function translate${type}(spec: ${type}Spec, path: string): Translated<${type}Config> {
  if (!Token.test(spec.header))
    return [unsupported(\`\${path}.header\`, \`"\${spec.header}" is no header name; use letters, digits and hyphens\`)];
  return { header: spec.header };
}
`,
    ],
    [
      'filter.ts',
      `/** Data-plane half of ${name}. */
import type { RuntimeFilter } from '../runtime.ts';
import type { ${type}Config } from './schema.ts';

/** Called once per configuration and worker: what is expensive is made here, not per request. */
export function create${type}(config: ${type}Config): RuntimeFilter {
  return {
    onResponse: ({ response }) => response.headers.set(config.header, '${folder}'),
  };
}
`,
    ],
    [
      `${folder}.test.ts`,
      `import { expect, test } from '@jest/globals';
import { run } from '../../testkit/exchange.ts';
import { isProblems } from '../translated.ts';
import { create${type} } from './filter.ts';
import { translate${type} } from './translate.ts';

test('marks answers', async () => {
  const config = translate${type}({ header: 'x-${folder}' }, 'p');
  if (isProblems(config)) throw new Error(JSON.stringify(config));
  expect((await run(create${type}(config))).responseHeaders).toEqual(['x-${folder}: ${folder}']);
});

test.each(['a b', 'a:', 'ä'])('refuses %j', (header) => {
  expect(translate${type}({ header }, 'spec.policies.${name}')).toMatchObject([
    { path: 'spec.policies.${name}.header', reason: 'UnsupportedValue' },
  ]);
});
`,
    ],
    [
      'README.md',
      `# ${type}

\`\`\`yaml
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayPolicy
metadata: { name: ${folder}, namespace: shop }
spec:
  targetRefs:
    - { group: gateway.suuupra.io, kind: GatewayRoute, name: orders }
  policies:
    ${name}: { header: x-${folder} }
\`\`\`

| field    | meaning                                | default |
| -------- | -------------------------------------- | ------- |
| \`header\` | name of the header that answers carry | needed  |

## What happens

- Say what a user has to know to predict every answer.
`,
    ],
  ];
}
