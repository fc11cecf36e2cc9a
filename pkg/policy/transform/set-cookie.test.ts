import { expect, test } from '@jest/globals';
import { run } from '../../testkit/exchange.ts';
import { testFilterEnv } from '../../testkit/filter-env.ts';
import { testPolicyContext } from '../../testkit/policy-context.ts';
import { isProblems } from '../translated.ts';
import { createTransform } from './filter.ts';
import { translateTransform } from './translate.ts';

// Applications that write back what a client sent let commas through; no client takes one for the border of two cookies.
test('a cookie whose value looks like two stays one', async () => {
  const config = translateTransform({ response: { cookies: { remove: ['internal'] } } }, 'spec', testPolicyContext());
  if (isProblems(config)) throw new Error(JSON.stringify(config));
  const kept = ['theme=dark, sid=attacker; Path=/', 'a=1, internal=2'];
  const seen = await run(createTransform(config, testFilterEnv()), {
    responseHeaders: { 'Set-Cookie': [kept[0]!, 'internal=1, theme=x; Path=/', kept[1]!] },
  });
  expect(seen.responseHeaders).toEqual(kept.map((value) => `Set-Cookie: ${value}`));
});
