import { parser } from '@prometheus-io/lezer-promql';

export interface PromqlReading {
  /** The first text that is no PromQL; null when all of it is. */
  readonly mistake: string | null;
  /** Names of the metrics that the expression selects. */
  readonly metrics: readonly string[];
  /** Labels that it matches or groups by. */
  readonly labels: readonly string[];
}

/** Reads an expression with Prometheus' own grammar. */
export function readPromql(expression: string): PromqlReading {
  const found = { Identifier: new Set<string>(), LabelName: new Set<string>() };
  let mistake: string | null = null;
  parser.parse(expression).iterate({
    enter({ name, type, from, to }) {
      if (type.isError) mistake ??= expression.slice(Math.max(0, from - 10), to + 10);
      if (name === 'Identifier' || name === 'LabelName') found[name].add(expression.slice(from, to));
    },
  });
  return { mistake, metrics: [...found.Identifier], labels: [...found.LabelName] };
}
