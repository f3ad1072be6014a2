import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { RUN_MARKER } from '@biplane/stack';
import { orInterrupted } from './child.js';
import { runJest, type SuiteResult } from './jest-suite.js';
import { startTestParts } from './parts-verb.js';
import { seconds, type Progress } from './progress.js';
import { outputFolder, root } from './repository.js';
import { filesToRunAgain, withSecondRun } from './second-run.js';
import { keepLogs, withStack } from './with-stack.js';

interface Suite {
  about: string;
  run(environment: NodeJS.ProcessEnv, progress: Progress, choice: Choice): Promise<SuiteResult>;
}

/** Which files of a suite run. */
interface Choice {
  /** Narrows the suite's own pattern of paths to the files that are asked for. */
  filesOf(pattern: string): string;
  /** How many run beside each other. */
  workers: string;
}

/** Jest leaves one core alone, of two that is half of them; nearly every file here waits for a part most of the time. */
const EVERY_CORE = '--maxWorkers=100%';
const ALONE = '--runInBand';

const everyFile: Choice = { filesOf: (pattern) => pattern, workers: EVERY_CORE };
const plain = (text: string) => text.replaceAll(/[^A-Za-z0-9/_-]/g, '\\$&');
const filesWith = (text: string): Choice => ({
  filesOf: (pattern) => `^(?=.*${plain(text)}).*${pattern}`,
  workers: EVERY_CORE,
});
const alone = (files: readonly string[]): Choice => ({
  filesOf: () => `/(${files.map(plain).join('|')})$`,
  workers: ALONE,
});
const outputFile = (name: string) => path.join(outputFolder, 'test', `${name}.json`);

export const SUITES: Record<string, Suite> = {
  unit: {
    about: 'pure rules and units: *.spec.ts outside tools/checks',
    run: (environment, _progress, { filesOf, workers }) =>
      runJest(
        filesOf('[/\\\\]src[/\\\\].*\\.spec\\.ts$'),
        ['--testPathIgnorePatterns', 'tools[/\\\\]checks[/\\\\]', workers],
        outputFile('unit'),
        environment,
      ),
  },
  repository: {
    about: 'the boundary canaries and the checks of the repository itself: tools/checks',
    run: (environment, _progress, { filesOf }) =>
      runJest(filesOf('tools[/\\\\]checks[/\\\\].*\\.spec\\.ts$'), [], outputFile('repository'), environment),
  },
  integration: {
    about: 'against real PostgreSQL, Kafka, Redis and Kubernetes: *.int-spec.ts',
    run: integration,
  },
  e2e: {
    about: 'against a whole running stack, which they stop, kill and start: *.e2e-spec.ts in tools/e2e',
    run: (environment, progress, { filesOf }) =>
      withStack('e2e', environment, progress, { cluster: true }, (_stack, env) =>
        runJest(
          filesOf('\\.e2e-spec\\.ts$'),
          [ALONE, '--testTimeout=240000', `--testSequencer=${path.join(root, 'tools', 'e2e', 'sequencer.mjs')}`],
          outputFile('e2e'),
          env,
        ),
      ),
  },
};

async function integration(
  environment: NodeJS.ProcessEnv,
  progress: Progress,
  { filesOf, workers }: Choice,
): Promise<SuiteResult> {
  const started = startTestParts(environment, progress, { durable: false, withCluster: true });
  const parts = await orInterrupted(started);
  try {
    const env = { ...environment, ...parts.environment, [RUN_MARKER]: parts.run.runId };
    const args = ['--testTimeout=180000', workers];
    return await runJest(filesOf('\\.int-spec\\.ts$'), args, outputFile('integration'), env);
  } finally {
    await progress.step('everything stopped', () => parts.stop());
    await keepLogs(parts.run, 'integration');
  }
}

/** All files of a suite, and those once more, alone, in which single tests failed (ADR 0041). */
async function wholeSuite(
  name: string,
  run: (choice: Choice) => Promise<SuiteResult>,
  progress: Progress,
): Promise<SuiteResult> {
  const first = await run(everyFile);
  const again = filesToRunAgain(first);
  if (again.length === 0) return first;
  progress.heading(`Suite ${name} again, alone: ${again.join(', ')}`);
  return withSecondRun(first, await run(alone(again)));
}

/**
 * All suites, or those named; of them all files, or those whose path holds a text. The last line is the sum; anything short
 * of all passed ends with 1.
 */
export async function testVerb(
  environment: NodeJS.ProcessEnv,
  progress: Progress,
  names: string[],
  { only }: { only?: string } = {},
): Promise<void> {
  const unknown = names.filter((name) => !Object.hasOwn(SUITES, name));
  if (unknown.length > 0) {
    throw new Error(`There is no suite ${unknown.join(', ')}; there are ${Object.keys(SUITES).join(', ')}`);
  }
  await mkdir(path.join(outputFolder, 'test'), { recursive: true });
  const results: [name: string, result: SuiteResult, took: string][] = [];
  for (const [name, suite] of Object.entries(SUITES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    progress.heading(`Suite ${name}: ${suite.about}`);
    const from = performance.now();
    const run = (choice: Choice) => suite.run(environment, progress, choice);
    const result = only === undefined ? await wholeSuite(name, run, progress) : await run(filesWith(only));
    results.push([name, result, seconds(from)]);
  }
  progress.heading('Sum');
  for (const [name, { passed, failed, remarks }, took] of results) {
    const remark = remarks.length > 0 ? `: ${remarks.join('; ')}` : '';
    progress.note(`${failed > 0 ? '✗' : '✓'} ${name}: ${passed} passed, ${failed} failed (${took})${remark}`);
  }
  const sum = (pick: (result: SuiteResult) => number) => results.reduce((total, [, result]) => total + pick(result), 0);
  const failed = sum((result) => result.failed);
  process.stdout.write(`${sum((result) => result.passed)} passed, ${failed} failed\n`);
  process.exitCode = failed > 0 ? 1 : 0;
}
