import { expect, test } from '@jest/globals';
import { suiteArguments } from './arguments.ts';
import { summarise } from './summary.ts';

const log = `=== RUN   TestConformance
    apply.go:1: Creating x
        Error Trace: /suite/helpers.go:10
        Error:       Received unexpected error:
                     client rate limiter: context deadline exceeded
        Test:        TestConformance/GatewayInvalidTLSConfiguration/first
        Messages:    no condition
--- FAIL: TestConformance (1.00s)
    --- PASS: TestConformance/HTTPRouteSimpleSameNamespace (1.00s)
        --- PASS: TestConformance/HTTPRouteSimpleSameNamespace/inner (0.00s)
    --- FAIL: TestConformance/GatewayInvalidTLSConfiguration (1.00s)
        --- FAIL: TestConformance/GatewayInvalidTLSConfiguration/first (1.00s)
    --- SKIP: TestConformance/MeshBasic (0.00s)
FAIL
`;

test('the verdict of each test is counted once, and a failure comes with its first error', () => {
  expect(summarise(log)).toEqual({
    passed: ['HTTPRouteSimpleSameNamespace'],
    failed: ['GatewayInvalidTLSConfiguration'],
    skipped: ['MeshBasic'],
    text:
      '1 passed, 1 failed, 1 skipped\n' +
      '  FAIL GatewayInvalidTLSConfiguration: Received unexpected error: client rate limiter: context deadline exceeded',
  });
});

test('a single test writes no report', () => {
  const run = { version: 'v1', profiles: 'GATEWAY-HTTP', test: 'HTTPRouteMatching', more: [] };
  expect(suiteArguments(run)).toContain('-run-test=HTTPRouteMatching');
  expect(suiteArguments(run).some((flag) => flag.startsWith('-report-output'))).toBe(false);
});
