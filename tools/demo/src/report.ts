import type { DemoContext } from './context.js';
import type { StepRecord } from './narrator.js';

/** The demo on one page: what happened, how long it took, and where to look on. */
export function report(context: DemoContext, steps: readonly StepRecord[]): string {
  const { tenantId, deploymentId, invoice } = context;
  const { stack } = context.client;
  const rows = steps.map(({ name, millis, headline }) => `| ${name} | ${(millis / 1000).toFixed(1)} s | ${headline} |`);
  const details = steps.flatMap(({ name, details: lines = [] }) =>
    lines.length === 0 ? [] : [`### ${name}`, '', ...lines.map((line) => `- ${line.trim()}`), ''],
  );
  const seconds = steps.reduce((sum, { millis }) => sum + millis, 0) / 1000;
  return [
    '# Demo: from a plan to the invoice',
    '',
    '| step | took | what happened |',
    '|---|---|---|',
    ...rows,
    '',
    `In all ${seconds.toFixed(1)} s.`,
    '',
    '## In detail',
    '',
    ...details,
    '## Where to look',
    '',
    `- tenant \`${tenantId}\`, deployment \`${deploymentId}\`, invoice \`${invoice?.number ?? ''}\` (\`GET /api/v1/billing/invoices/${invoice?.id ?? ''}\`)`,
    `- core-api: API at \`${stack.coreApi}/docs\`, metrics at \`${stack.coreApi}/metrics\``,
    `- tenant-api: ${Object.entries(stack.tenantApi)
      .map(([region, url]) => `${region} at \`${url}/docs\``)
      .join(', ')}`,
    '- the same stack, kept running: `./biplane up`',
    '',
  ].join('\n');
}
