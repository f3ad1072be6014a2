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
  testResults: {
    /** The file, by its whole path. */
    name: string;
    assertionResults: { fullName: string; status: string }[];
  }[];
}

export interface FailedFile {
  /** From the root of the repository. */
  file: string;
  passed: number;
  /** The tests that failed, by their whole titles. */
  failed: string[];
}

export interface SuiteResult {
  passed: number;
  failed: number;
  failedFiles: FailedFile[];
  /** What is to be said of the suite beyond its counts. */
  remarks: string[];
}

/** A suite is good when tests ran and every one of them passed: a skipped test is a promise that was not kept. */
export function countSuite(
  report: JestReport | null,
  exitCode: number,
  running: ReadonlySet<string> = new Set(),
): SuiteResult {
  if (!report) {
    const unfinished = running.size > 0 ? ` and never ended ${[...running].join(', ')}` : '';
    return { passed: 0, failed: 1, failedFiles: [], remarks: [`Jest wrote no result${unfinished}`] };
  }
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
  return { passed: report.numPassedTests, failed, failedFiles: failedFilesOf(report), remarks };
}

function failedFilesOf({ testResults }: JestReport): FailedFile[] {
  return testResults.flatMap(({ name, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
    const passed = assertionResults.filter(({ status }) => status === 'passed').length;
    return failed.length > 0 ? [{ file: path.relative(root, name), passed, failed }] : [];
  });
}

/** Runs Jest over the files that match and counts what it reports. */
export async function runJest(
  pattern: string,
  args: string[],
  outputFile: string,
  env: NodeJS.ProcessEnv,
): Promise<SuiteResult> {
  await rm(outputFile, { force: true });
  const running = new Set<string>();
  const heard = (message: unknown) => note(running, message);
  const code = await runChild(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      path.join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
      '--config',
      path.join(root, 'jest.config.mjs'),
      // What a file leaves in its worker (compiled modules, WebAssembly) is not given back: past this a new worker goes on. With
      // gigabytes behind it a worker spends most of its time on collections, and stands still for longer than its tests wait.
      '--workerIdleMemoryLimit=600MB',
      // A test that failed half-way may leave a connection open: the result stands, and nothing waits for it.
      '--forceExit',
      '--reporters=default',
      `--reporters=${path.join(root, 'tools', 'launcher', 'files-reporter.mjs')}`,
      '--json',
      `--outputFile=${outputFile}`,
      '--testPathPatterns',
      pattern,
      ...args,
    ],
    { cwd: root, env, pulse: { silenceMs: SILENCE_MS, heard } },
  );
  const report = await readFile(outputFile, 'utf8').then(
    (text) => JSON.parse(text) as JestReport,
    () => null,
  );
  return countSuite(report, code, running);
}

/** A test that hangs is cut by Jest, but not one whose thread stands still. No file takes half as long. */
const SILENCE_MS = 15 * 60_000;

function note(running: Set<string>, message: unknown): void {
  const { started, ended } = message as { started?: string; ended?: string };
  if (started !== undefined) running.add(path.relative(root, started));
  if (ended !== undefined) running.delete(path.relative(root, ended));
}
