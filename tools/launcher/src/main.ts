import path from 'node:path';
import { closeRuns } from '@biplane/stack';
import { Command, InvalidArgumentError } from 'commander';
import { benchVerb } from './bench-verb.js';
import { Interrupted, runChild } from './child.js';
import { demoVerb } from './demo-verb.js';
import { doctorVerb } from './doctor-verb.js';
import { partsVerb, type PartsOptions } from './parts-verb.js';
import { Progress } from './progress.js';
import { rehearseVerb } from './rehearse-verb.js';
import { root } from './repository.js';
import { SUITES, testVerb } from './test-verb.js';
import { downVerb, upVerb, type UpOptions } from './up-verb.js';

const environment = process.env;
const progress = new Progress();
const program = new Command('biplane').description('Builds, starts, shows and tests Biplane').showHelpAfterError();

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1024 || value > 65_000) {
    throw new InvalidArgumentError('It must be a port number from 1024 to 65000.');
  }
  return value;
}

program
  .command('demo')
  .description('the main job, end to end, on real parts started for it; exits 0 only if every figure is right')
  .option('--cluster', 'dedicated homes as pods of a Kubernetes control plane, not from recorded files')
  .action((options: { cluster?: boolean }) => demoVerb(environment, progress, options));
program
  .command('up')
  .description('the same stack, kept running; Ctrl-C or down stops it and keeps the data')
  .option('--detach', 'return when it is ready and leave it running')
  .option('--port-base <n>', 'take ports from here upwards', port)
  .option('--cluster', 'dedicated homes as pods of a Kubernetes control plane, not from recorded files')
  .action((options: UpOptions) => upVerb(environment, progress, options));
program
  .command('down')
  .description('stops what up started')
  .action(() => downVerb(environment, progress));
program
  .command('test')
  .argument('[suite...]', Object.keys(SUITES).join(', '))
  .description('all tests, or the named suites')
  .option('--only <text>', 'of these suites the files whose path holds this text')
  .action((names: string[], options: { only?: string }) => testVerb(environment, progress, names, options));
program
  .command('verify')
  .description('all that CI checks, less the demo')
  .action(async () => {
    process.exitCode = await runChild('bash', [path.join(root, '.ci', 'run'), '--no-demo'], {
      cwd: root,
      env: environment,
    });
  });
program
  .command('bench')
  .argument('[name...]', 'decision, usage-batch')
  .description('benchmarks, as ratios; JSON in .biplane/bench')
  .action((names: string[]) => benchVerb(environment, progress, names));
program
  .command('rehearse')
  .description('loses a database server and brings it back, by the runbook, on servers of its own')
  .action(() => rehearseVerb(environment));
program
  .command('doctor')
  .description('what is there, what is missing, how to get it')
  .action(() => doctorVerb(environment));
program
  .command('parts')
  .description('PostgreSQL, Kafka, Redis and Kubernetes alone, for work on integration suites; Ctrl-C stops them')
  // Not --env-file: Node takes that one for itself, wherever it stands.
  .option('--write-env <file>', 'write the TEST_… variables there')
  .option('--port-base <n>', 'take ports from here upwards', port)
  .option('--no-cluster', 'without Kubernetes')
  .option('--durable', 'keep fsync on, for tests that kill PostgreSQL')
  .action((options: PartsOptions) => partsVerb(environment, progress, options));

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof Interrupted ? 130 : 1;
}
await closeRuns();
process.exit();
