import { parse } from 'yaml';
import type { Check, Finding, Tree } from '../tree/tree.js';
import { readPromql } from './promql.js';

const rulesFile = /^deploy\/prometheus\/[^/]+\.yaml$/;
const dashboardFile = /^deploy\/grafana\/[^/]+\.json$/;
/** Where a program declares a metric: prom-client takes `name: '…'` beside `help`, then the labels if there are any. */
const declaration = /\bname: '([a-z][a-z0-9_]*)',?\s+help:(?:[^}]*?labelNames: \[([^\]]*)\])?/g;
/** What the scraper and prom-client's defaults bring. */
const foreign = /^(up|process_|nodejs_)/;
const scraperLabels = ['job', 'instance', 'le'];

/** Metric (or recorded figure) → its labels. */
type Known = ReadonlyMap<string, readonly string[]>;

interface Asked {
  readonly path: string;
  readonly where: string;
  readonly expression: string;
}

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr?: string;
  readonly labels?: { readonly severity?: string };
  readonly annotations?: { readonly summary?: string; readonly description?: string };
}

interface Panel {
  readonly title?: string;
  readonly targets?: readonly { readonly expr?: string }[];
  readonly panels?: readonly Panel[];
}

export const observability: Check = {
  name: 'alert rules and dashboards ask in good PromQL for metrics that the programs have',
  run(tree) {
    const rules = tree.paths
      .filter((path) => rulesFile.test(path))
      .map((path) => ({ path, rules: rulesOf(tree, path) }));
    const asked = [
      ...rules.flatMap(({ path, rules: each }) =>
        each.map((rule) => ({
          path,
          where: rule.alert ?? rule.record ?? 'a rule without a name',
          expression: rule.expr ?? '',
        })),
      ),
      ...tree.paths.filter((path) => dashboardFile.test(path)).flatMap((path) => dashboardQueries(tree, path)),
    ];
    const known = declaredMetrics(tree);
    for (const { rules: each } of rules) {
      for (const { record, expr } of each) if (record) known.set(record, readPromql(expr ?? '').labels);
    }
    return [
      ...asked.flatMap((query) => mistakesOf(query, known)),
      ...rules.flatMap(({ path, rules: each }) => each.flatMap((rule) => untold(path, rule))),
    ];
  },
};

function mistakesOf({ path, where, expression }: Asked, known: Known): Finding[] {
  const { mistake, metrics, labels } = readPromql(expression);
  if (mistake !== null || expression.trim() === '') {
    return [{ path, message: `${where}: no PromQL near "${mistake ?? ''}"` }];
  }
  const asked = metrics.filter((metric) => !foreign.test(metric));
  const had = new Set([...scraperLabels, ...asked.flatMap((metric) => labelsOf(metric, known) ?? [])]);
  return [
    ...asked
      .filter((metric) => !labelsOf(metric, known))
      .map((metric) => ({ path, message: `${where}: no program has the metric ${metric}` })),
    ...labels
      .filter((label) => !had.has(label))
      .map((label) => ({ path, message: `${where}: ${asked.join(', ')} has no label ${label}` })),
  ];
}

function labelsOf(metric: string, known: Known): readonly string[] | undefined {
  return known.get(metric) ?? known.get(metric.replace(/_(bucket|sum|count)$/, ''));
}

/** Whoever is woken by an alert is told what is wrong and what to do. */
function untold(path: string, { alert, labels, annotations }: Rule): Finding[] {
  if (alert === undefined) return [];
  const isTold =
    labels?.severity !== undefined && annotations?.summary !== undefined && annotations.description !== undefined;
  return isTold ? [] : [{ path, message: `${alert}: a severity, a summary and a description are wanted` }];
}

function rulesOf(tree: Tree, path: string): Rule[] {
  const file = parse(tree.read(path)) as { groups?: { rules?: Rule[] }[] };
  return (file.groups ?? []).flatMap(({ rules }) => rules ?? []);
}

function dashboardQueries(tree: Tree, path: string): Asked[] {
  const ofPanel = (panel: Panel): Asked[] => [
    ...(panel.targets ?? []).map(({ expr }) => ({ path, where: panel.title ?? 'a panel', expression: expr ?? '' })),
    ...(panel.panels ?? []).flatMap(ofPanel),
  ];
  return ((JSON.parse(tree.read(path)) as { panels?: Panel[] }).panels ?? [])
    .flatMap(ofPanel)
    .map((query) => ({ ...query, expression: query.expression.replaceAll('$__rate_interval', '5m') }));
}

function declaredMetrics(tree: Tree): Map<string, readonly string[]> {
  const sources = tree.paths.filter((path) => /^(apps|libs)\/.*\.ts$/.test(path) && !/spec\.ts$/.test(path));
  return new Map(
    sources.flatMap((path) =>
      [...tree.read(path).matchAll(declaration)].map(
        ([, name = '', labels = '']) =>
          [name, [...labels.matchAll(/'([a-z_]+)'/g)].map(([, label = '']) => label)] as const,
      ),
    ),
  );
}
