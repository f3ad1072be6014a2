import { describe, expect, it } from '@jest/globals';
import type { FailedFile, SuiteResult } from './jest-suite.js';
import { filesToRunAgain, withSecondRun } from './second-run.js';

const file = (name: string, passed: number, ...failed: string[]): FailedFile => ({ file: name, passed, failed });
const result = (passed: number, failed: number, ...failedFiles: FailedFile[]): SuiteResult => ({
  passed,
  failed,
  failedFiles,
  remarks: [],
});
const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => file(name, 4, `${name} keeps its promise`)) as [
  FailedFile,
  FailedFile,
  FailedFile,
  FailedFile,
];

describe('a second run', () => {
  it('is of the files in which a test failed', () => {
    expect(filesToRunAgain(result(98, 2, a, b))).toEqual(['a', 'b']);
  });

  it.each([
    ['all passed', result(100, 0)],
    ['more files failed than noise fells', result(96, 4, a, b, c, d)],
    ['something failed beside single tests, as a file that did not load', result(98, 2, a)],
    ['Jest wrote no result', result(0, 1)],
  ])('is not made when %s', (_why, first) => {
    expect(filesToRunAgain(first)).toEqual([]);
  });

  it('counts instead of the first of its files, and names what passed only then', () => {
    expect(withSecondRun(result(98, 2, a, b), result(10, 0))).toEqual({
      passed: 100,
      failed: 0,
      failedFiles: [],
      remarks: [
        'passed only at a second run, alone: a keeps its promise',
        'passed only at a second run, alone: b keeps its promise',
      ],
    });
  });

  it('does not steady what fails twice, nor a file whose other test fails then', () => {
    const other = file('a', 4, 'a keeps another promise');
    expect(withSecondRun(result(98, 2, a, b), result(9, 1, other))).toMatchObject({ passed: 99, failed: 1 });
    expect(withSecondRun(result(99, 1, a), result(4, 1, a))).toEqual({ ...result(99, 1, a) });
  });

  it('is worth nothing when it could not be made', () => {
    expect(withSecondRun(result(99, 1, a), { ...result(0, 1), remarks: ['Jest wrote no result'] })).toEqual({
      passed: 95,
      failed: 1,
      failedFiles: [],
      remarks: ['Jest wrote no result'],
    });
  });
});
