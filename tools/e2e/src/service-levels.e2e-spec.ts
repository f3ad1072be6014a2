import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@biplane/testing';
import { authorCatalog } from './support/catalog.js';
import { askCore, askGate } from './support/gate.js';
import { invariantsHold } from './support/invariants.js';
import { quantileOf, scrape, sumOf, type Sample } from './support/metrics.js';
import { CORE, E2eStack, HOME, REGION } from './support/stack.js';
import { createReadyTenant } from './support/tenants.js';
import { awaitHeld, submit, usageEvent } from './support/usage.js';

const CHECKS = 200;
const EVENTS = 500;
const SECONDS = { deadlineMs: 60_000, everyMs: 200 };
const ROOT = new URL('../../../', import.meta.url);

const DETECTED = 'violation_detection_seconds_count';

/** The levels of the control plane's design, as the alert rules hold them. */
const LEVELS = [
  { histogram: 'subscription_check_seconds', share: 0.95, seconds: 0.1 },
  { histogram: 'license_propagation_seconds', share: 0.99, seconds: 60 },
  { histogram: 'violation_detection_seconds', share: 0.99, seconds: 300 },
  { histogram: 'plan_update_seconds', share: 0.99, seconds: 180 },
] as const;

describe('the service levels of a running stack', () => {
  const stack = E2eStack.open();
  let id: string;
  let ofCore: Sample[];
  let ofHome: Sample[];

  /** A little of each kind of work, so that each level has something to say. */
  beforeAll(async () => {
    await authorCatalog(stack);
    // What earlier suites did to the Clock and to the services is in their histograms.
    for (const service of [CORE, HOME]) await stack.control.restart(service);
    const { deployment } = await createReadyTenant(stack, 'bounded');
    id = deployment.id;
    // One after the other: what is measured is the service, not how many share this machine.
    for (let count = 0; count < CHECKS; count += 1) {
      await askCore(stack.core, { deploymentId: id, action: 'seats:assign', meter: 'seats' });
      await askGate(stack.gate, { deploymentId: id, action: 'exports:run', meter: 'exports' });
    }
    await askGate(stack.gate, { deploymentId: id, action: 'search:full_text' });
    const time = stack.clock.now();
    const events = Array.from({ length: EVENTS }, (_, at) =>
      usageEvent(id, { id: `levels-${at}`, time, quantity: '1', meter: 'extras' }),
    );
    await submit(stack, events);
    await awaitHeld(stack, id, String(EVENTS), 'extras');
    // Beyond what is included: told to core-api, which makes a violation of it.
    await askGate(stack.gate, { deploymentId: id, action: 'extras:run', meter: 'extras' });
    await waitFor('the violation', async () => sumOf(await scrape(stack.file.coreApi), DETECTED) > 0, SECONDS);
    const shown = (await stack.core.expect(200, 'GET', `/api/v1/deployments/${id}`)) as {
      subscription: { id: string };
    };
    const path = `/api/v1/billing/subscriptions/${shown.subscription.id}/change-plan`;
    const changed = await stack.core.post(path, { planCode: 'atelier', mode: 'next_invoice', reason: 'e2e' });
    expect(changed.status).toBeLessThan(300);
    await waitFor(
      'every level to have been measured',
      async () => {
        ofCore = await scrape(stack.file.coreApi);
        ofHome = await scrape(stack.file.tenantApi[REGION] as string);
        return LEVELS.every(({ histogram }) => sumOf([...ofCore, ...ofHome], `${histogram}_count`) > 0);
      },
      SECONDS,
    );
  });

  it.each(LEVELS)('$histogram: $share of what was measured is within $seconds s', ({ histogram, share, seconds }) => {
    for (const [name, samples] of [['core-api', ofCore] as const, ['tenant-api', ofHome] as const]) {
      if (sumOf(samples, `${histogram}_count`) === 0) continue;
      expect([name, quantileOf(samples, histogram, share) <= seconds || quantileOf(samples, histogram, share)]).toEqual(
        [name, true],
      );
    }
  });

  it('usage_writes_total: nothing of what was submitted failed to be written', () => {
    expect(sumOf(ofHome, 'usage_writes_total')).toBeGreaterThan(0);
    for (const samples of [ofCore, ofHome]) {
      const all = sumOf(samples, 'usage_writes_total');
      expect(sumOf(samples, 'usage_writes_total', { result: 'failed' })).toBeLessThanOrEqual(all * 0.001);
    }
  });

  it('the metrics that the source names are counted by both planes', () => {
    for (const samples of [ofCore, ofHome]) expect(sumOf(samples, 'subscription_checks_total')).toBeGreaterThan(0);
    expect(sumOf(ofHome, 'subscription_usage_bytes_total')).toBeGreaterThan(0);
    expect(sumOf(ofCore, 'subscription_violations_total')).toBeGreaterThan(0);
    expect([...ofCore, ...ofHome].map(({ name }) => name)).toContain('subscription_denials_total');
  });

  it('every metric of an alert rule or of the dashboard is exposed by a process', async () => {
    const told = new Set<string>();
    const running = (await stack.control.state()).services.filter(({ running: isRunning }) => isRunning);
    expect(running.map(({ name }) => name)).toContain('reconciler');
    for (const { url } of running) {
      const text = await (await fetch(`${url}/metrics`)).text();
      for (const [, name = ''] of text.matchAll(/^# TYPE (\S+) /gm)) told.add(name);
    }
    const asked = [...expressionsOf('deploy/prometheus/alerts.yaml'), ...expressionsOf('deploy/grafana/biplane.json')];
    const names = new Set(asked.flatMap(metricsOf));
    expect(names.size).toBeGreaterThan(10);
    expect([...names].filter((name) => !told.has(name))).toEqual([]);
  });

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });
});

function expressionsOf(path: string): string[] {
  const text = readFileSync(new URL(path, ROOT), 'utf8');
  if (!path.endsWith('.json')) return [...text.matchAll(/^\s*expr: (.+)$/gm)].map(([, expression = '']) => expression);
  return [...text.matchAll(/"expr": ("(?:[^"\\]|\\.)*")/g)].map(([, quoted = '""']) => JSON.parse(quoted) as string);
}

/** The series of an expression by their metric's name; figures that a rule records are made of such. */
function metricsOf(expression: string): string[] {
  const bare = expression
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, '')
    .replaceAll(/\b(?:by|without|on|ignoring)\s*\([^)]*\)/g, '');
  return [...bare.matchAll(/[a-zA-Z_][\w:]*/g)]
    .map(([word]) => word)
    .filter((word) => word.includes('_') && !word.includes(':') && !FUNCTIONS.has(word))
    .map((word) => word.replace(/_(?:bucket|count|sum)$/, ''));
}

const FUNCTIONS = new Set(['histogram_quantile', 'max_over_time', 'min_over_time', 'avg_over_time', 'label_replace']);
