import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Rule names by file, as a gate reported them. */
export type Refusals = Map<string, Set<string>>;

const note = (refusals: Refusals, file: string, rule: string): void => {
  refusals.set(file, (refusals.get(file) ?? new Set()).add(rule));
};

function run(root: string, tool: string, args: string[]): Promise<{ stdout: string; stderr: string }> {
  const env = { ...process.env, CI: 'true', NX_DAEMON: 'false', FORCE_COLOR: '0', NODE_OPTIONS: '' };
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [join(root, 'node_modules', tool), ...args],
      { cwd: root, env, maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        // Both tools leave with a small code when they refuse something; only a crash or a missing tool is an error here.
        if (error && typeof error.code !== 'number') reject(error);
        else resolve({ stdout, stderr });
      },
    );
  });
}

interface EslintResult {
  readonly filePath: string;
  readonly messages: readonly { readonly ruleId: string | null; readonly message: string }[];
}

/** The first gate, as developers run it: `nx lint`, over the named projects at once. */
export async function runLintGate(root: string, projects: { name: string; root: string }[]): Promise<Refusals> {
  const names = projects.map((project) => project.name).join(',');
  const output = await run(root, 'nx/dist/bin/nx.js', [
    ...['run-many', '-t', 'lint', `--projects=${names}`, '--parallel=2', '--skip-nx-cache', '--output-style=stream'],
    ...['--format=json', '--output-file=lint-result.json'],
  ]);
  const refusals: Refusals = new Map();
  for (const project of projects) {
    const file = join(root, project.root, 'lint-result.json');
    if (!existsSync(file))
      throw new Error(`nx lint gave no result for ${project.name}:\n${output.stdout}${output.stderr}`);
    for (const result of JSON.parse(readFileSync(file, 'utf8')) as EslintResult[]) {
      const path = relative(root, result.filePath);
      for (const message of result.messages) note(refusals, path, message.ruleId ?? `fatal: ${message.message}`);
    }
  }
  return refusals;
}

interface CruiseResult {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
    readonly totalCruised: number;
  };
}

/** The second gate, over the whole workspace. */
export async function runCruiserGate(root: string): Promise<Refusals> {
  const { stdout, stderr } = await run(root, 'dependency-cruiser/bin/dependency-cruise.mjs', [
    ...['apps', 'libs', 'prisma', 'tools', '--config', '.dependency-cruiser.mjs', '--output-type', 'json'],
  ]);
  if (!stdout.startsWith('{')) throw new Error(`dependency-cruiser gave no result:\n${stdout}${stderr}`);
  const refusals: Refusals = new Map();
  for (const violation of (JSON.parse(stdout) as CruiseResult).summary.violations) {
    note(refusals, violation.from, violation.rule.name);
  }
  return refusals;
}
