import { expect, test } from '@jest/globals';
import { createExchange } from '../../testkit/exchange.ts';
import { stripTokens } from './jwt-location.ts';
import type { TokenLocations } from './jwt-schema.ts';

const at = (change: Partial<TokenLocations>): TokenLocations => ({
  headers: [],
  cookies: [],
  params: [],
  webSocketPrefix: '',
  ...change,
});

test('takes a parameter out of what others have left of the query', () => {
  const { exchange, seen } = createExchange({ target: '/?a=1&key=2&token=3' });
  stripTokens(at({ params: ['key'] }), exchange.request);
  stripTokens(at({ params: ['token'] }), exchange.request);
  expect(seen().forwardQuery).toBe('?a=1');
});

test('takes a field of its own out whatever it holds, and leaves another scheme where it is', () => {
  const headers = { 'x-api-key': '', authorization: 'Basic YTpi' };
  const { exchange, seen } = createExchange({ headers });
  const places = [
    { name: 'x-api-key', prefix: '' },
    { name: 'authorization', prefix: 'bearer ' },
  ];
  stripTokens(at({ headers: places }), exchange.request);
  expect(seen().requestHeaders).toEqual(['authorization: Basic YTpi']);
});
