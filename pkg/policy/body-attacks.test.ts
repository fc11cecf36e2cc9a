/** Bodies that a backend reads as other JSON than the policies that judge and change them, or as JSON where those do not. */
import { expect, test } from '@jest/globals';
import { type ExchangeOptions, run } from '../testkit/exchange.ts';
import { testFilterEnv } from '../testkit/filter-env.ts';
import { testPolicyContext } from '../testkit/policy-context.ts';
import { isUtf8Type } from './media-type.ts';
import { createTransform } from './transform/filter.ts';
import { translateTransform } from './transform/translate.ts';
import { isProblems } from './translated.ts';
import { createValidation } from './validation/filter.ts';

const validation = createValidation({
  schema: { properties: { note: { type: 'string' } }, additionalProperties: false },
  methods: ['POST'],
  contentTypes: ['application/json', '*+json'],
  maxSize: 1_000,
  allowEmpty: false,
});
const config = translateTransform({ request: { body: { remove: ['/admin'] } } }, 'spec', testPolicyContext());
if (isProblems(config)) throw new Error(JSON.stringify(config));
const transform = createTransform(config, testFilterEnv());

// UTF-7: `+ACI-` is a quote, so this has a member "admin" to who obeys the charset.
const smuggled = '{"note":"+ACI-,+ACI-admin+ACI-:true,+ACI-x+ACI-:+ACI-"}';
const posted = (type: string, body = smuggled): ExchangeOptions => ({
  method: 'POST',
  headers: { 'content-type': type },
  body,
});

test.each([
  'application/json; charset=utf-7',
  'application/json;charset="UTF-7"',
  'application/json; CHARSET = utf-7',
  'application/json; charset=utf-8; charset=utf-7',
  'application/json; charset=utf-16le',
  'application/json; charset=ibm037',
  'application/json; charset=iso-8859-1',
  'application/json; charset="utf\\-7"',
  "application/json; charset*=utf-8''utf-7",
  'application/problem+json; a="; charset=utf-8"; charset=utf-7',
  'application/json; charset=',
])('%s is read by nobody', async (type) => {
  for (const filter of [validation, transform])
    expect((await run(filter, posted(type))).denied).toBe('media-type-denied');
});

test.each(['application/json', 'application/json; charset=UTF-8', 'application/json;charset="utf-8"; v=1'])(
  '%s is',
  async (type) => {
    for (const filter of [validation, transform]) expect((await run(filter, posted(type))).denied).toBeUndefined();
  },
);

test('a field without a charset, and none, is UTF-8', () => {
  expect([undefined, '', 'text/plain; a=b'].map(isUtf8Type)).toEqual([true, true, true]);
});

test.each([
  'text/plain, application/json',
  'text/plain; a=b, application/json',
  'text/plain;a="b, application/json',
  'text/plain; a=b, application/x+json; c=d',
])('a body of the type %s is not left as it is', async (type) => {
  expect((await run(transform, posted(type, '{"admin":true}'))).denied).toBe('media-type-denied');
});

test('a list of types of which none is JSON is no concern of a transform', async () => {
  const seen = await run(transform, posted('text/plain, text/html', '{"admin":true}'));
  expect([seen.denied, seen.requestBody.toString()]).toEqual([undefined, '{"admin":true}']);
});
