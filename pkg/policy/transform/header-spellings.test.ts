import { expect, test } from '@jest/globals';
import { run } from '../../testkit/exchange.ts';
import { testFilterEnv } from '../../testkit/filter-env.ts';
import { testPolicyContext } from '../../testkit/policy-context.ts';
import { isProblems } from '../translated.ts';
import { createTransform } from './filter.ts';
import { translateTransform } from './translate.ts';

test('fields that are set, renamed or removed come in no other spelling', async () => {
  const headers = {
    remove: ['X-Internal-Role'],
    rename: [{ from: 'X-Old-User-Id', to: 'X-New-User-Id' }],
    set: [{ name: 'X-Remote-User-Name', value: 'ada' }],
  };
  const config = translateTransform({ request: { headers } }, 'spec', testPolicyContext());
  if (isProblems(config)) throw new Error(JSON.stringify(config));
  const seen = await run(createTransform(config, testFilterEnv()), {
    headers: {
      'x-internal_role': 'admin',
      X_Internal_Role: 'admin',
      'X-Old-User-Id': '7',
      'x_old-user-id': '0',
      'x-new_user-id': '0',
      'x-remote_user-name': 'root',
      'x_remote-user_name': 'root',
    },
  });
  expect(seen.requestHeaders).toEqual(['X-New-User-Id: 7', 'X-Remote-User-Name: ada']);
});
