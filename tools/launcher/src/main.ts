import { Command } from 'commander';
import { partsVerb } from './parts-verb.js';

const program = new Command('biplane').description('Builds, starts, tests and shows Biplane').showHelpAfterError();

program
  .command('parts')
  .description('PostgreSQL, Kafka and Redis alone, for work on integration suites; Ctrl-C stops them')
  .option('--write-env <file>', 'write the TEST_… variables there')
  .option('--port-base <n>', 'take ports from here upwards', Number)
  .option('--durable', 'keep fsync on (for tests that kill PostgreSQL)')
  .action((options: { writeEnv?: string; portBase?: number; durable?: boolean }) => partsVerb(process.env, options));

try {
  await program.parseAsync();
  process.exit(process.exitCode ?? 0);
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
