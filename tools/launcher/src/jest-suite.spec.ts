import { describe, expect, it } from '@jest/globals';
import { countSuite, type JestReport } from './jest-suite.js';

const report = (given: Partial<JestReport>): JestReport => ({
  numTotalTests: 3,
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
  ...given,
});

describe('a suite', () => {
  it('is good when every test ran and passed', () => {
    expect(countSuite(report({}), 0)).toEqual({ passed: 3, failed: 0, remarks: [] });
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

  it('names the files that were running when Jest was ended', () => {
    expect(countSuite(null, 128, new Set(['a.spec.ts', 'b.spec.ts'])).remarks).toEqual([
      'Jest wrote no result and never ended a.spec.ts, b.spec.ts',
    ]);
  });
});
