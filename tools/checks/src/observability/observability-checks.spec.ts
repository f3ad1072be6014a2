import { describe, expect, it } from '@jest/globals';
import { memoryTree } from '../tree/tree.js';
import { observability } from './observability-checks.js';
import { readPromql } from './promql.js';

const program =
  "new Counter({ name: 'denials_total', help: 'x', labelNames: ['code'] }); new Histogram({\n  name: 'check_seconds',\n  help: 'y' });";
const told = { labels: { severity: 'page' }, annotations: { summary: 's', description: 'd' } };
const rules = (...each: unknown[]): string => JSON.stringify({ groups: [{ name: 'g', rules: each }] });
const dashboard = (expr: string): string =>
  JSON.stringify({ panels: [{ panels: [{ title: 'p', targets: [{ expr }] }] }] });
const findings = (files: Record<string, string>): string[] =>
  observability.run(memoryTree({ 'libs/a/src/metrics.ts': program, ...files })).map(({ message }) => message);

describe('alert rules and dashboards', () => {
  it('may ask for counters, the parts of a histogram, recorded rules and what the scraper brings', () => {
    expect(
      findings({
        'deploy/prometheus/a.yaml': rules(
          { record: 'denials:rate5m', expr: 'sum by (code) (rate(denials_total[5m]))' },
          { alert: 'A', expr: 'denials:rate5m{code="A"} > 1 or up == 0', ...told },
        ),
        'deploy/grafana/a.json': dashboard('histogram_quantile(0.95, rate(check_seconds_bucket[$__rate_interval]))'),
      }),
    ).toEqual([]);
  });

  it.each<[reason: string, files: Record<string, string>, finding: RegExp]>([
    [
      'a metric that nobody has',
      { 'deploy/prometheus/a.yaml': rules({ alert: 'A', expr: 'gone_total > 0', ...told }) },
      /gone_total/,
    ],
    [
      'no PromQL',
      { 'deploy/prometheus/a.yaml': rules({ alert: 'A', expr: 'rate(denials_total[5m]', ...told }) },
      /no PromQL/,
    ],
    ['no expression at all', { 'deploy/prometheus/a.yaml': rules({ alert: 'A', ...told }) }, /no PromQL/],
    ['nothing to tell', { 'deploy/prometheus/a.yaml': rules({ alert: 'A', expr: 'denials_total > 0' }) }, /a summary/],
    [
      'a label that its metric does not have',
      { 'deploy/prometheus/a.yaml': rules({ alert: 'A', expr: 'sum by (region) (denials_total) > 0', ...told }) },
      /no label region/,
    ],
    [
      'a panel of a metric that nobody has',
      { 'deploy/grafana/a.json': dashboard('rate(gone_total[5m])') },
      /p: .*gone_total/,
    ],
  ])('are refused for %s', (_reason, files, finding) => {
    expect(findings(files)).toEqual([expect.stringMatching(finding)]);
  });

  it('labels and functions are no metrics', () => {
    expect(readPromql('sum by (region) (rate(denials_total{code=~"A|B"}[1h])) / 2')).toEqual({
      mistake: null,
      metrics: ['denials_total'],
      labels: ['region', 'code'],
    });
  });
});
