import { existsSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { createKey, createRoot, publicPartOf, type Root } from './ceremony.js';
import { readJsonFile, writeNewFile } from './files.js';

const DAY_MS = 86_400_000;
const LIFETIME_DAYS_DEFAULT = 400;

interface KeyOptions {
  root: string;
  kid: string;
  now?: Date;
  notBefore?: Date;
  notAfter?: Date;
  out: string;
}

/** The command line. `wallClock` is asked only when `--now` is not given. */
export function ceremonyCommand(wallClock: () => Date, print: (line: string) => void): Command {
  const program = new Command('ceremony')
    .description('Makes the trust root and the keys that sign licenses')
    .exitOverride();
  program
    .command('root')
    .description('makes the root: the private file stays offline, the public one goes to every tenant-api')
    .requiredOption('--out <file>', 'private file; the public one is written beside it as *.pub.json')
    .action(({ out }: { out: string }) => {
      const publicFile = publicFileOf(out);
      // Both are asked for first: half a ceremony would leave a root that nobody was told of.
      for (const file of [out, publicFile]) refuseExisting(file);
      const root = createRoot();
      writeNewFile(out, root);
      writeNewFile(publicFile, publicPartOf(root));
      print(`root ${root.kid}: ${out} (keep offline), ${publicFile}`);
    });
  program
    .command('key')
    .description('makes a signing key: the file is the body of POST /licenses/keys')
    .requiredOption('--root <file>', 'private file of the root')
    .requiredOption('--kid <kid>', 'key id: 1 to 64 letters, digits, - and _')
    .option('--now <instant>', 'the present; the wall clock by default', instant)
    .option('--not-before <instant>', 'from when on the key signs; now by default', instant)
    .option(
      '--not-after <instant>',
      `until when the key signs; ${LIFETIME_DAYS_DEFAULT} days later by default`,
      instant,
    )
    .requiredOption('--out <file>', 'file of the key')
    .action((options: KeyOptions) => {
      refuseExisting(options.out);
      const notBefore = options.notBefore ?? options.now ?? wallClock();
      const notAfter = options.notAfter ?? new Date(notBefore.getTime() + LIFETIME_DAYS_DEFAULT * DAY_MS);
      const root = readJsonFile(options.root) as Root; // its key is checked where it is read
      writeNewFile(options.out, createKey(root, { kid: options.kid, notBefore, notAfter }));
      print(`key ${options.kid}, ${notBefore.toISOString()} to ${notAfter.toISOString()}: ${options.out}`);
    });
  return program;
}

export function publicFileOf(privateFile: string): string {
  return privateFile.endsWith('.json') ? `${privateFile.slice(0, -5)}.pub.json` : `${privateFile}.pub.json`;
}

function refuseExisting(file: string): void {
  if (existsSync(file)) throw new CommanderError(1, 'ceremony.exists', `${file} exists; a key is never overwritten`);
}

function instant(text: string): Date {
  const date = new Date(text);
  if (!/^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/.test(text) || Number.isNaN(date.getTime())) {
    throw new InvalidArgumentError('give an RFC 3339 instant, e.g. 2026-04-01T00:00:00Z');
  }
  return date;
}
