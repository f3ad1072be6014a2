import { parser } from '@prometheus-io/lezer-promql';

export interface PromqlReading {
  /** The first text that is no PromQL; null when all of it is. */
  readonly mistake: string | null;
  /** Names of the metrics that the expression selects. */
  readonly metrics: readonly string[];
}

/** Reads an expression with Prometheus' own grammar. */
export function readPromql(expression: string): PromqlReading {
  const metrics = new Set<string>();
  let mistake: string | null = null;
  parser.parse(expression).iterate({
    enter(node) {
      const text = expression.slice(node.from, node.to);
      if (node.type.isError) mistake ??= expression.slice(Math.max(0, node.from - 10), node.to + 10);
      if (node.name === 'Identifier') metrics.add(text);
    },
  });
  return { mistake, metrics: [...metrics] };
}
