import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { runChild } from './child.js';
import { root } from './repository.js';

/** What Jest's --json says, as far as we count. */
export interface JestReport {
  numTotalTests: number;
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  /** Files that could not be run at all: none of their tests was counted. */
  numRuntimeErrorTestSuites: number;
}

export interface SuiteResult {
  passed: number;
  failed: number;
  /** Why the suite is not good, beyond tests that failed. */
  remarks: string[];
}

/** A suite is good when tests ran and every one of them passed: a skipped test is a promise that was not kept. */
export function countSuite(report: JestReport | null, exitCode: number): SuiteResult {
  if (!report) return { passed: 0, failed: 1, remarks: ['Jest wrote no result'] };
  const remarks: string[] = [];
  const skipped = report.numPendingTests + report.numTodoTests;
  if (report.numTotalTests === 0) remarks.push('no test ran');
  if (skipped > 0) remarks.push(`${skipped} skipped or todo, counted as failed`);
  if (report.numRuntimeErrorTestSuites > 0) remarks.push(`${report.numRuntimeErrorTestSuites} files did not load`);
  let failed = report.numFailedTests + skipped + report.numRuntimeErrorTestSuites;
  if (failed === 0 && report.numTotalTests === 0) failed = 1;
  if (failed === 0 && exitCode !== 0) {
    remarks.push(`Jest ended with code ${exitCode}`);
    failed = 1;
  }
  return { passed: report.numPassedTests, failed, remarks };
}

/** Runs Jest over the files that match and counts what it reports. */
export async function runJest(
  pattern: string,
  args: string[],
  outputFile: string,
  env: NodeJS.ProcessEnv,
): Promise<SuiteResult> {
  await rm(outputFile, { force: true });
  const code = await runChild(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      path.join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
      '--config',
      path.join(root, 'jest.config.mjs'),
      // A test that failed half-way may leave a connection open: the result stands, and nothing waits for it.
      '--forceExit',
      '--json',
      `--outputFile=${outputFile}`,
      '--testPathPatterns',
      pattern,
      ...args,
    ],
    { cwd: root, env },
  );
  const report = await readFile(outputFile, 'utf8').then(
    (text) => JSON.parse(text) as JestReport,
    () => null,
  );
  return countSuite(report, code);
}
