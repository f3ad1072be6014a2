#!/usr/bin/env node
import { CommanderError } from 'commander';
import { ceremonyCommand } from './commands.js';

const command = ceremonyCommand(
  () => new Date(),
  (line) => process.stdout.write(`${line}\n`),
);
try {
  await command.parseAsync(process.argv);
} catch (error) {
  // Commander has printed its own mistakes already, and help is no mistake.
  const isPrinted = error instanceof CommanderError && error.code.startsWith('commander.');
  if (!isPrinted) process.stderr.write(`ceremony: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof CommanderError ? error.exitCode : 1;
}
