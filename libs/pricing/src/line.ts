import type { Period } from '@biplane/billing-calendar';
import { addMoney, isZeroDecimal, zeroMoney, type Currency } from '@biplane/kernel';
import type { Line, LineKind } from './bill.js';

export type LineParts = Omit<Line, 'id' | 'amount' | 'period'> & {
  /** Tells apart the lines of one kind on one deployment. */
  readonly subject: string | readonly string[];
};

/** Completes a line: its identity, and its amount from its components. */
export function lineOf(parts: LineParts, currency: Currency, period: Period): Line {
  let amount = zeroMoney(currency);
  for (const component of parts.explanation) if (component.amount) amount = addMoney(amount, component.amount);
  const { kind, deployment, resourceKind, description, quantity, unitPrice, explanation } = parts;
  const id = lineId(deployment, kind, parts.subject);
  return { id, kind, deployment, resourceKind, description, quantity, unitPrice, amount, period, explanation };
}

/** A line of nothing tells nothing. Taxes are not asked: theirs are shown at zero too. */
export function isShown(line: Line): boolean {
  return !isZeroDecimal(line.quantity) || line.amount.minor !== 0n;
}

/** Segments are escaped, so that no choice of names makes two identities one. */
function lineId(deployment: string | null, kind: LineKind, subject: LineParts['subject']): string {
  const subjects = typeof subject === 'string' ? escaped(subject) : subject.map(escaped).join('/');
  return deployment === null ? `${kind}/${subjects}` : `${escaped(deployment)}/${kind}/${subjects}`;
}

function escaped(segment: string): string {
  return segment.replace(/[%/]/g, encodeURIComponent);
}
