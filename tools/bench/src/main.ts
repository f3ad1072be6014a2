import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark, Finding } from './benchmark.js';
import { billingQueue, billingRun } from './billing.js';
import { decision } from './decision.js';
import { decisionMemory } from './decision-memory.js';
import { dedicated } from './dedicated.js';
import { desiredState } from './desired-state.js';
import { gate } from './gate.js';
import { level } from './level.js';
import { licenseChange } from './license-change.js';
import { licenseVerify } from './license-verify.js';
import { rollup } from './rollup.js';
import { pricing } from './pricing.js';
import { slices } from './slices.js';
import { statementPdfs } from './statement-pdfs.js';
import { tenantPools, tenantReady } from './tenants.js';
import { usageBatch } from './usage-batch.js';
import { usageStore } from './usage-store.js';

const benchmarks: readonly Benchmark[] = [
  decision,
  decisionMemory,
  licenseVerify,
  pricing,
  gate,
  licenseChange,
  slices,
  level,
  usageBatch,
  usageStore,
  rollup,
  tenantReady,
  tenantPools,
  desiredState,
  dedicated,
  billingRun,
  billingQueue,
  statementPdfs,
];

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

function tell({ name, ratio, rounds, goal, bytes, delay, steps, ...finding }: Finding): void {
  const figure = (value: number) => (value < 1_000 ? value.toPrecision(3) : String(Math.round(value)));
  const judged = ratio.fastest ?? ratio.median;
  const by = ratio.fastest === undefined ? 'median' : `fastest turns; median ${figure(ratio.median)}`;
  const verdict = (value: number, most: number | undefined, unit: string) =>
    most === undefined ? '' : `, ${value <= most ? 'within' : 'MISSES'} the goal of ${figure(most)}${unit}`;
  const pace = (perSecond: number, amount: number | undefined) =>
    amount === undefined ? `${perSecond}/s` : `${figure(amount / 1024 / 1024)} MB`;
  const delayLine =
    delay &&
    `  took      ${figure(delay.p50)} ms in the middle, p99 ${figure(delay.p99)} ms${verdict(delay.p99, delay.goal, ' ms')}`;
  const inSeconds = (millis: number) => (millis / 1_000).toFixed(1);
  const stepLines = (steps ?? []).map(
    (step) =>
      `  ${step.name.padEnd(9)} after ${inSeconds(step.p50)} s in the middle, p95 ${inSeconds(step.p95)} s, last ${inSeconds(step.max)} s`,
  );
  process.stdout.write(
    [
      `\n${name}: ${figure(judged)}x the baseline (${by}, ${figure(ratio.min)} to ${figure(ratio.max)}, ${rounds} rounds)${verdict(judged, goal, 'x')}`,
      `  baseline  ${pace(finding.baselinePerSecond, bytes?.baseline)}  ${finding.baseline}`,
      `  subject   ${pace(finding.subjectPerSecond, bytes?.subject)}  ${finding.subject}`,
      ...(delayLine ? [delayLine] : []),
      ...stepLines,
      `  checked   ${finding.oracle}\n`,
    ].join('\n'),
  );
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
