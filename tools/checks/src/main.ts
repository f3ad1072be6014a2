// node tools/checks/dist/main.js [tree | generated | generate | mutate LIBRARY [PART-OF-PATH [EVERY]]]
import { staleReference, writeReference } from './generated.js';
import { mutate, MUTATED } from './mutation/run.js';
import { checks } from './tree/checks.js';
import { gitTree } from './tree/tree.js';
import { workspaceRoot } from './workspace.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function checkTree(root: string): [passed: number, failed: number] {
  const tree = gitTree(root);
  let failed = 0;
  for (const check of checks) {
    const findings = check.run(tree);
    const bad = findings.filter((finding) => !finding.note);
    if (bad.length > 0) failed += 1;
    say(`${bad.length > 0 ? 'FAIL' : 'ok  '} ${check.name}`);
    for (const { path, line, message, note } of findings) {
      say(`     ${note ? 'note: ' : ''}${path}${line === undefined ? '' : `:${line}`} ${message}`);
    }
  }
  return [checks.length - failed, failed];
}

function checkGenerated(root: string): [passed: number, failed: number] {
  const stale = staleReference(root);
  say(`${stale.length > 0 ? 'FAIL' : 'ok  '} docs/reference and .env.example are what the programs write now`);
  for (const line of stale) say(`     ${line}`);
  if (stale.length > 0) say('     write it again: npm run reference');
  return stale.length > 0 ? [0, 1] : [1, 0];
}

const root = workspaceRoot();
const verb = process.argv[2] ?? 'tree';
if (verb === 'generate') {
  writeReference(root);
} else if (verb === 'tree' || verb === 'generated') {
  const [passed, failed] = verb === 'tree' ? checkTree(root) : checkGenerated(root);
  say(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
} else if (verb === 'mutate') {
  const [library = '', only, every = '1'] = process.argv.slice(3);
  if (!MUTATED.some((known) => known === library)) throw new Error(`mutate one of ${MUTATED.join(', ')}`);
  process.exitCode = (await mutate({ root, library, only, every: Number(every), say })) > 0 ? 1 : 0;
} else {
  process.stderr.write(`unknown verb ${verb}: tree, generated, generate or mutate\n`);
  process.exitCode = 2;
}
