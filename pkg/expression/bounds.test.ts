import { describe, expect, test } from '@jest/globals';
import { createExchange } from '../testkit/exchange.ts';
import { compileExpression, explainMistake } from './expression.ts';
import { BudgetFailure, ExpressionFailure } from './failure.ts';

const { exchange } = createExchange({
  headers: { 'x-long': 'a'.repeat(60_000), 'x-attack': `${'a'.repeat(28)}!` },
});
const many = Array.from({ length: 200 }, (_, i) => i);
const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`key${i}`, i]));

describe('the budget ends', () => {
  test.each<[string, unknown]>([
    ['body.all(x, body.all(y, x + y >= 0.0))', many],
    ['body.map(x, body.map(y, y)).size() > 0', many],
    ['body.exists(x, body.filter(y, y == x).size() == 7)', many],
    ['body.all(key, key != "a")', wide],
    ['body == body.key1 || body == dyn({"a": 1})', wide],
    ['size(body) > 0', wide],
    [`[1, 2, 3].all(x, (${'request.headers["x-long"] + '.repeat(40)}"").contains("b"))`, null],
    ['[1, 2, 3].all(x, request.headers["x-long"].split("a").join("b").size() > 0)', null],
    ['request.headers["x-long"].matches("(?:a|aa|aaa|aaaa|aaaaa)*b")', null],
    ['body.all(x, request.headers["x-long"].lowerAscii() != request.headers["x-long"] + "a")', many],
  ])('%s', (source, body) => {
    expect(explainMistake(source, 'condition', { body: true })).toBe('');
    const expression = compileExpression(source, 'condition', { body: true });
    expect(() => expression.evaluate(exchange, body)).toThrow(ExpressionFailure);
  });

  test('whatever would decide otherwise', () => {
    const expression = compileExpression('body.all(x, body.all(y, x >= y || true)) || true', 'condition', {
      body: true,
    });
    expect(() => expression.evaluate(exchange, many)).toThrow(BudgetFailure);
  });

  test('anew for each evaluation', () => {
    const expression = compileExpression('body.all(x, x >= 0.0)', 'condition', { body: true });
    for (let i = 0; i < 100; i++) expect(expression.evaluate(exchange, many)).toBe(true);
  });
});

test('a pattern that takes RegExp minutes is linear', () => {
  const condition = compileExpression('request.headers["x-attack"].matches("^(a+)+$")', 'condition');
  expect(condition.evaluate(exchange)).toBe(false);
});

// 2^31: what costs more than a signed number of 32 bits holds must not cost less than nothing.
test.each([
  ['a pattern', 'body.text.matches("^[xa]{0,450}")'],
  ['replacements', 'body.short.replace("x", body.text).size() > 0'],
  ['a joined list', 'body.list.join(body.text).size() > 0'],
])('%s over megabytes ends the budget', (_, source) => {
  const expression = compileExpression(source, 'condition', { body: true });
  const body = { text: 'x'.repeat(3_000_000), short: 'x'.repeat(900), list: Array(900).fill('') };
  expect(() => expression.evaluate(exchange, body)).toThrow(BudgetFailure);
});

test('names of the prototype are data', () => {
  const body: unknown = JSON.parse('{"__proto__": {"admin": true}, "constructor": "c"}');
  const read = (source: string) => compileExpression(source, 'json', { body: true }).evaluate(exchange, body);
  expect(read('body["__proto__"].admin')).toBe(true);
  expect(read('body.constructor')).toBe('c');
  expect(() => read('body.admin')).toThrow(ExpressionFailure);
  expect(() => read('body.toString')).toThrow(ExpressionFailure);
  expect(() => read('body["constructor"]["constructor"]')).toThrow(ExpressionFailure);
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
});

test('an expression keeps nothing of the exchange it was asked about', () => {
  const expression = compileExpression('request.headers["x-attack"]', 'text');
  expect(expression.evaluate(exchange)).toHaveLength(29);
  expect(() => expression.evaluate(createExchange().exchange)).toThrow(ExpressionFailure);
});
