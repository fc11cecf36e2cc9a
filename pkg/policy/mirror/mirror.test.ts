import { describe, expect, test } from '@jest/globals';
import type { BackendObjectReference } from '../../api/gatewayapi.ts';
import type { HTTPRequestMirrorFilter } from '../../api/httproute.ts';
import { run } from '../../testkit/exchange.ts';
import { testFilterEnv } from '../../testkit/filter-env.ts';
import { createMirror } from './filter.ts';
import { translateMirror } from './translate.ts';

const backendRef: BackendObjectReference = { group: '', kind: 'Service', name: 'copy', port: 80 };

describe('translate', () => {
  test.each<[Omit<HTTPRequestMirrorFilter, 'backendRef'>, readonly unknown[]]>([
    [{}, [{ cluster: 'copy', numerator: 100, denominator: 100 }]],
    [{ percent: 20 }, [{ cluster: 'copy', numerator: 20, denominator: 100 }]],
    [{ fraction: { numerator: 1, denominator: 3 } }, [{ cluster: 'copy', numerator: 1, denominator: 3 }]],
    [{ percent: 0 }, []],
  ])('%j', (share, mirrors) => {
    expect(translateMirror({ backendRef, ...share }, 'm', ({ name }) => name)).toEqual({
      config: { mirrors },
      unresolved: [],
    });
  });

  test('a backend that does not resolve is dropped and told', () => {
    const problem = { path: 'm.backendRef', reason: 'BackendNotFound', message: 'no' };
    const result = translateMirror({ backendRef }, 'm', (_, path) => ({ ...problem, path }));
    expect(result).toEqual({ config: { mirrors: [] }, unresolved: [problem] });
  });
});

describe('filter', () => {
  const mirrors = [
    { cluster: 'all', numerator: 100, denominator: 100 },
    { cluster: 'fifth', numerator: 20, denominator: 100 },
    { cluster: 'half', numerator: 1, denominator: 2 },
  ];

  test.each([
    [
      [0.19, 0.49],
      ['all', 'fifth', 'half'],
    ],
    [
      [0.2, 0.49],
      ['all', 'half'],
    ],
    [
      [0, 0.5],
      ['all', 'fifth'],
    ],
    [[0.99, 0.99], ['all']],
  ])('drawing %j copies to %j: each mirror draws for itself, and a whole share does not', async (draws, expected) => {
    const rest = [...draws];
    const random = (): number => rest.shift() ?? 1;
    const seen = await run(createMirror({ mirrors }, testFilterEnv({ random })));
    expect(seen.mirrors).toEqual(expected);
    expect(rest).toEqual([]);
    expect(seen.local).toBeUndefined();
  });
});
