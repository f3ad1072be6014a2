import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark, Finding } from './benchmark.js';
import { decision } from './decision.js';
import { decisionMemory } from './decision-memory.js';
import { level } from './level.js';
import { licenseVerify } from './license-verify.js';
import { slices } from './slices.js';
import { usageBatch } from './usage-batch.js';

const benchmarks: readonly Benchmark[] = [decision, decisionMemory, licenseVerify, slices, level, usageBatch];

/** Runs the named benchmarks, or all, and leaves one JSON file each. */
async function main(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
  if (unknown.length > 0) {
    throw new Error(`No benchmark ${unknown.join(', ')}; there are ${benchmarks.map(({ name }) => name).join(', ')}`);
  }
  const folder = process.env['BENCH_FOLDER'] ?? join('.biplane', 'bench');
  mkdirSync(folder, { recursive: true });
  for (const benchmark of benchmarks.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const findings = await benchmark.run();
    findings.forEach(tell);
    writeFileSync(join(folder, `${benchmark.name}.json`), `${JSON.stringify(findings, null, 2)}\n`);
  }
}

function tell({ name, ratio, rounds, goal, bytes, ...finding }: Finding): void {
  const figure = (value: number) => value.toPrecision(3);
  const goalText =
    goal === undefined ? '' : `, ${ratio.median <= goal ? 'within' : 'MISSES'} the goal of ${figure(goal)}x`;
  const pace = (perSecond: number, amount: number | undefined) =>
    amount === undefined ? `${perSecond}/s` : `${figure(amount / 1024 / 1024)} MB`;
  process.stdout.write(
    [
      `\n${name}: ${figure(ratio.median)}x the baseline (${figure(ratio.min)} to ${figure(ratio.max)}, ${rounds} rounds)${goalText}`,
      `  baseline  ${pace(finding.baselinePerSecond, bytes?.baseline)}  ${finding.baseline}`,
      `  subject   ${pace(finding.subjectPerSecond, bytes?.subject)}  ${finding.subject}`,
      `  checked   ${finding.oracle}\n`,
    ].join('\n'),
  );
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
