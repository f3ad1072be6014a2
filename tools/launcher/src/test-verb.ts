import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { RUN_MARKER } from '@biplane/stack';
import { orInterrupted } from './child.js';
import { runJest, type SuiteResult } from './jest-suite.js';
import { startTestParts } from './parts-verb.js';
import { seconds, type Progress } from './progress.js';
import { outputFolder, root } from './repository.js';
import { keepLogs, withStack } from './with-stack.js';

interface Suite {
  about: string;
  /** `filesOf` narrows what it runs to the files that are asked for. */
  run(environment: NodeJS.ProcessEnv, progress: Progress, filesOf: Narrowing): Promise<SuiteResult>;
}

type Narrowing = (pattern: string) => string;

/** Jest leaves one core alone, of two that is half of them; nearly every file here waits for a part most of the time. */
const EVERY_CORE = '--maxWorkers=100%';
const outputFile = (name: string) => path.join(outputFolder, 'test', `${name}.json`);

export const SUITES: Record<string, Suite> = {
  unit: {
    about: 'pure rules and units: *.spec.ts outside tools/checks',
    run: (environment, _progress, filesOf) =>
      runJest(
        filesOf('[/\\\\]src[/\\\\].*\\.spec\\.ts$'),
        ['--testPathIgnorePatterns', 'tools[/\\\\]checks[/\\\\]', EVERY_CORE],
        outputFile('unit'),
        environment,
      ),
  },
  repository: {
    about: 'the boundary canaries and the checks of the repository itself: tools/checks',
    run: (environment, _progress, filesOf) =>
      runJest(filesOf('tools[/\\\\]checks[/\\\\].*\\.spec\\.ts$'), [], outputFile('repository'), environment),
  },
  integration: {
    about: 'against real PostgreSQL, Kafka, Redis and Kubernetes: *.int-spec.ts',
    run: integration,
  },
  e2e: {
    about: 'against a whole running stack, which they stop, kill and start: *.e2e-spec.ts in tools/e2e',
    run: (environment, progress, filesOf) =>
      withStack('e2e', environment, progress, { cluster: true }, (_stack, env) =>
        runJest(
          filesOf('\\.e2e-spec\\.ts$'),
          [
            '--runInBand',
            '--testTimeout=240000',
            `--testSequencer=${path.join(root, 'tools', 'e2e', 'sequencer.mjs')}`,
          ],
          outputFile('e2e'),
          env,
        ),
      ),
  },
};

async function integration(
  environment: NodeJS.ProcessEnv,
  progress: Progress,
  filesOf: Narrowing,
): Promise<SuiteResult> {
  const started = startTestParts(environment, progress, { durable: false, withCluster: true });
  const parts = await orInterrupted(started);
  try {
    const env = { ...environment, ...parts.environment, [RUN_MARKER]: parts.run.runId };
    const args = ['--testTimeout=180000', EVERY_CORE];
    return await runJest(filesOf('\\.int-spec\\.ts$'), args, outputFile('integration'), env);
  } finally {
    await progress.step('everything stopped', () => parts.stop());
    await keepLogs(parts.run, 'integration');
  }
}

/** All suites, or those named; of them all files, or those whose path holds a text. The last line is the sum; anything short of all passed ends with 1. */
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
  const filesOf: Narrowing = (pattern) =>
    only === undefined ? pattern : `^(?=.*${only.replaceAll(/[^A-Za-z0-9/_-]/g, '\\$&')}).*${pattern}`;
  await mkdir(path.join(outputFolder, 'test'), { recursive: true });
  const results: [name: string, result: SuiteResult, took: string][] = [];
  for (const [name, suite] of Object.entries(SUITES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    progress.heading(`Suite ${name}: ${suite.about}`);
    const from = performance.now();
    results.push([name, await suite.run(environment, progress, filesOf), seconds(from)]);
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
