import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { countSuite, type JestReport } from './jest-suite.js';
import { root } from './repository.js';

const report = (given: Partial<JestReport>): JestReport => ({
  numTotalTests: 3,
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
  testResults: [],
  ...given,
});

describe('a suite', () => {
  it('is good when every test ran and passed', () => {
    expect(countSuite(report({}), 0)).toEqual({ passed: 3, failed: 0, failedFiles: [], remarks: [] });
  });

  it.each([
    ['a test failed', report({ numPassedTests: 2, numFailedTests: 1 }), 1, 1],
    ['a test was skipped', report({ numPassedTests: 2, numPendingTests: 1 }), 0, 1],
    ['a test is a todo', report({ numPassedTests: 2, numTodoTests: 1 }), 0, 1],
    ['a file did not load', report({ numRuntimeErrorTestSuites: 1 }), 1, 1],
    ['no test ran', report({ numTotalTests: 0, numPassedTests: 0 }), 0, 1],
    ['Jest died after its last test', report({}), 134, 1],
    ['Jest wrote nothing', null, 1, 1],
  ])('is not good when %s', (_why, given, exitCode, failed) => {
    expect(countSuite(given, exitCode).failed).toBe(failed);
  });

  it('names the files whose tests failed, with what passed in them', () => {
    const tests = (...statuses: string[]) =>
      statuses.map((status, index) => ({ fullName: `promise ${index + 1}`, status }));
    const testResults = [
      { name: path.join(root, 'libs', 'a.spec.ts'), assertionResults: tests('passed') },
      { name: path.join(root, 'libs', 'b.spec.ts'), assertionResults: tests('passed', 'failed') },
    ];
    const counted = countSuite(report({ numPassedTests: 2, numFailedTests: 1, testResults }), 1);
    expect(counted.failedFiles).toEqual([{ file: 'libs/b.spec.ts', passed: 1, failed: ['promise 2'] }]);
  });

  it('names the files that were running when Jest was ended', () => {
    expect(countSuite(null, 128, new Set(['a.spec.ts', 'b.spec.ts'])).remarks).toEqual([
      'Jest wrote no result and never ended a.spec.ts, b.spec.ts',
    ]);
  });
});
