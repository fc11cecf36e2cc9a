/** Jest reporter: the closing line that CI reads, `N passed, N failed`; a suite that could not even load counts as one failure. */
export default class Summary {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    this.line = `${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    // After jest's own summary, which other reporters write in the same event.
    process.on('exit', () => process.stdout.write(`${this.line}\n`));
  }
}
