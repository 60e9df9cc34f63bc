// Prints "N passed, N failed" from vitest's JSON report and the number of failed steps; exits 1 when anything failed.
//
//   node scripts/ci-count.mjs REPORT FAILED_STEPS EXIT_CODE_OF_THE_TESTS
import { readFileSync } from 'node:fs';

const [report, failedSteps, testExit] = process.argv.slice(2);
let passed = 0;
let failed = Number(failedSteps);
try {
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  let failedTests = 0;
  for (const { status, assertionResults, message, name } of testResults) {
    passed += assertionResults.filter((one) => one.status === 'passed').length;
    const here = assertionResults.filter((one) => one.status === 'failed').length;
    // A file that could not be loaded has no tests that could fail.
    failedTests += here || (status === 'failed' ? 1 : 0);
    if (status === 'failed' && !here) console.log(`not loaded: ${name}: ${message}`);
  }
  // Errors outside of tests (unhandled rejections, a set-up that failed, the time limit) show in the exit code alone.
  failed += failedTests || (testExit === '0' ? 0 : 1);
  if (passed === 0 && failed === 0) failed = 1;
} catch (error) {
  console.log(`no report of the tests: ${error.message}`);
  failed += 1;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
