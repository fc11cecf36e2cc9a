import { expect, test } from '@jest/globals';
import { intersectHostnames, normaliseHostname } from './hostname.ts';

test.each([
  ['', '', ''],
  ['', 'a.example.com', 'a.example.com'],
  ['*.example.com', '', '*.example.com'],
  ['a.example.com', 'a.example.com', 'a.example.com'],
  ['*.example.com', 'a.example.com', 'a.example.com'],
  ['*.example.com', 'a.b.example.com', 'a.b.example.com'],
  ['*.example.com', '*.example.com', '*.example.com'],
  ['*.example.com', '*.b.example.com', '*.b.example.com'],
  ['*.com', '*.example.com', '*.example.com'],
  ['*.example.com', 'example.com', undefined],
  ['*.example.com', 'badexample.com', undefined],
  ['*.example.com', '*.badexample.com', undefined],
  ['*.a.example.com', '*.b.example.com', undefined],
  ['a.example.com', 'b.example.com', undefined],
])('"%s" and "%s" intersect in "%s", in either order', (a, b, both) => {
  expect(intersectHostnames(a, b)).toBe(both);
  expect(intersectHostnames(b, a)).toBe(both);
});

test.each([
  [undefined, ''],
  ['Shop.Example.COM', 'shop.example.com'],
  ['shop.example.com.', 'shop.example.com'],
])('%s is "%s" in normal form', (written, normal) => {
  expect(normaliseHostname(written)).toBe(normal);
});
