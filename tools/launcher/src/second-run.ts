import type { SuiteResult } from './jest-suite.js';

/** What stalls a machine for seconds fells a file or two that wait for real time; more than that is no noise. */
const FILES_MAX = 3;

/** Files of a suite that ran to its end and in which nothing but single tests failed; none where a second run could tell nothing. */
export function filesToRunAgain({ failed, failedFiles }: SuiteResult): string[] {
  const explained = failedFiles.reduce((sum, file) => sum + file.failed.length, 0);
  return failed > 0 && failed === explained && failedFiles.length <= FILES_MAX
    ? failedFiles.map(({ file }) => file)
    : [];
}

/**
 * What a suite comes to whose failed files ran again, alone: the second run of these files counts instead of their first.
 * Every test that needed it is named, for it found either a stall or a race.
 */
export function withSecondRun(first: SuiteResult, second: SuiteResult): SuiteResult {
  const before = first.failedFiles.reduce((sum, file) => sum + file.passed, 0);
  const steadied = second.failed === 0 ? first.failedFiles.flatMap(({ failed }) => failed) : [];
  const named = steadied.map((test) => `passed only at a second run, alone: ${test}`);
  return {
    passed: first.passed - before + second.passed,
    failed: second.failed,
    failedFiles: second.failedFiles,
    remarks: [...first.remarks, ...second.remarks, ...named],
  };
}
