/** Response overrides: other answers by status. What users write, and what a worker needs of it. */
import { Type } from 'typebox';
import { localAnswerFields, oneLocalBody } from '../../api/local-answer.ts';
import { celRules, choice, integer, list, text, type ValueOf } from '../../api/schema.ts';

const statusSchema = Type.Unsafe<number | string>({
  'x-kubernetes-int-or-string': true,
  minimum: 400,
  maximum: 599,
  maxLength: 3,
  pattern: '^([45][0-9][0-9]|[45]xx)$',
  description: 'A status, `404`, or a class of them, `5xx`.',
});

const responseSchema = Type.Object(
  {
    statusCode: Type.Optional(integer(200, 599, 'Status of the answer. Default: the one that is replaced.')),
    ...localAnswerFields('policy', '64 KiB'),
  },
  {
    description: 'Another answer.',
    ...celRules(oneLocalBody),
  },
);

const redirectSchema = Type.Object(
  {
    url: text(2048, 'Where to: an absolute http or https URL, or a path of the same host.', {
      pattern: '^(https?://|/)',
    }),
    statusCode: integer(301, 308, '301, 302, 303, 307 or 308.', { default: 302 }),
  },
  { description: 'A redirect.' },
);

const ruleSchema = Type.Object(
  {
    statuses: list(statusSchema, 16, 'Which answers are replaced.', { minItems: 1 }),
    from: choice(['Backend', 'Gateway', 'Any'], "Whose answers: those of backends, the gateway's own, or both.", {
      default: 'Any',
    }),
    type: choice(['Response', 'Redirect'], 'Which of the members below says what is answered.'),
    response: Type.Optional(responseSchema),
    redirect: Type.Optional(redirectSchema),
  },
  celRules(
    {
      rule: "self.type == 'Response' ? has(self.response) : !has(self.response)",
      message: 'response is set with type Response, and with no other',
    },
    {
      rule: "self.type == 'Redirect' ? has(self.redirect) : !has(self.redirect)",
      message: 'redirect is set with type Redirect, and with no other',
    },
  ),
);

export const responseOverridesSchema = Type.Object(
  { rules: list(ruleSchema, 16, 'The first one that names a status counts.', { minItems: 1 }) },
  { description: 'Replaces error answers by status: pages of your own, redirects, other statuses.' },
);

export type ResponseOverridesSpec = ValueOf<typeof responseOverridesSchema>;
export type OverrideSpec = ResponseOverridesSpec['rules'][number];

export interface ResponseOverridesConfig {
  readonly rules: readonly OverrideConfig[];
}

export interface OverrideConfig {
  /** Ranges, both ends included. */
  readonly statuses: readonly (readonly [first: number, last: number])[];
  readonly from: 'Backend' | 'Gateway' | 'Any';
  /** 0: the one that is replaced. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
