// Prints the last line of a run from vitest's JSON report and the number of other steps that failed.
import { existsSync, readFileSync } from 'node:fs';

const [reportFile, failedSteps] = process.argv.slice(2);
const report = existsSync(reportFile) ? JSON.parse(readFileSync(reportFile, 'utf8')) : undefined;
const passed = report?.numPassedTests ?? 0;
const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
// A test file that does not even load has no failed test in it, and a run that died has no report at all.
const failedTests = report?.numFailedTests ?? 0;
const failedRun = failedTests === 0 && report?.success !== true ? 1 : 0;
const failed = failedTests + failedRun + Number(failedSteps);

console.log(`ci: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed === 0 ? 0 : 1;
