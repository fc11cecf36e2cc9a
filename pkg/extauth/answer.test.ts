import { expect, test } from '@jest/globals';
import { createExchange } from '../testkit/exchange.ts';
import { applyToRequest } from './answer.ts';
import type { Allowed } from './verdict.ts';

const verdict: Allowed = {
  kind: 'allowed',
  remove: ['x-internal-role'],
  set: [['X-Auth-User', 'ada']],
  add: [['X-Team', 'a']],
  response: { set: [], add: [] },
  facts: {},
  reusable: 0,
};

// A service of gRPC names fields in its answer only: nothing could be taken out before it was asked.
test('what the service sets or removes stands there in no other spelling', () => {
  const { exchange, seen } = createExchange({
    headers: {
      'x-auth-user': 'root',
      X_Auth_User: 'root',
      'X-Auth_User': 'root',
      'x_internal-role': 'admin',
      'x-team': 'b',
    },
  });
  applyToRequest(verdict, exchange.request.headers);
  expect(seen().requestHeaders).toEqual(['x-team: b', 'X-Auth-User: ada', 'X-Team: a']);
});
