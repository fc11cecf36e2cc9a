import { expect, test } from '@jest/globals';
import { createExchange } from '../testkit/exchange.ts';
import type { HeaderView } from './runtime.ts';
import { createEraser, eraseAlike } from './spellings.ts';

const left = (headers: Readonly<Record<string, string>>, erase: (view: HeaderView) => void) => {
  const { exchange, seen } = createExchange({ headers });
  erase(exchange.request.headers);
  return seen().requestHeaders;
};
const others = { 'x-userb': '1', 'x--user': '1', xuser: '1' };
const kept = ['x-userb: 1', 'x--user: 1', 'xuser: 1'];

test.each<[string, Readonly<Record<string, string>>]>([
  ['X-User', { 'x-user': 'root', X_USER: 'root' }],
  [
    'x_Remote-User',
    { 'x-remote-user': 'root', x_remote_user: 'root', 'X-Remote_User': 'root', 'X_Remote-User': 'root' },
  ],
  // More hyphens than spellings are made for.
  ['X-A-B-C-D-E-User', { 'X_a-b-c-d-e-user': 'root', 'x-a_b-c_d-e_user': 'root', x_a_b_c_d_e_user: 'root' }],
])('%s is taken out however it is spelled, and nothing else', (name, copies) => {
  expect(left({ ...copies, ...others }, createEraser([name]))).toEqual(kept);
  expect(left({ ...copies, ...others }, (view) => eraseAlike(view, [name]))).toEqual(kept);
});
