/** What a run of the suite came to, read from the log of `go test -v`. */

export interface SuiteSummary {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
  readonly text: string;
}

/** Each failed test comes with the first error that it logged. */
export function summarise(log: string): SuiteSummary {
  const verdicts = { PASS: [] as string[], FAIL: [] as string[], SKIP: [] as string[] };
  for (const [, verdict = '', name = ''] of log.matchAll(/^ {4}--- (PASS|FAIL|SKIP): TestConformance\/(\S+)/gm)) {
    verdicts[verdict as keyof typeof verdicts].push(name);
  }
  const { PASS: passed, FAIL: failed, SKIP: skipped } = verdicts;
  const lines = failed.map((name) => `  FAIL ${name}: ${firstError(log, name)}`);
  const text = [`${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`, ...lines].join('\n');
  return { passed, failed, skipped, text };
}

/** `Error:` and what follows it, of testify; between the test's start and the next one's. */
function firstError(log: string, name: string): string {
  for (const [, test = '', message = ''] of log
    .matchAll(/Error:\s+([\s\S]*?)\n\s+Test:\s+TestConformance\/(\S+)/g)
    .map(swap)) {
    if (test === name || test.startsWith(`${name}/`)) return message.replaceAll(/\s+/g, ' ').slice(0, 300);
  }
  return 'see the log';
}

function swap(match: RegExpExecArray): readonly [string, string | undefined, string | undefined] {
  return [match[0], match[2], match[1]];
}
