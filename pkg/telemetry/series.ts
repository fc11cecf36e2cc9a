/** One metric with its samples, for rooms whose numbers are few and stand in no shared row. `exposition.ts` renders it. */
export interface Series {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly samples: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];
}
