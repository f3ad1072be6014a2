import type { Period } from '@biplane/billing-calendar';
import { isZeroDecimal, sumMoney, type Currency } from '@biplane/kernel';
import type { Line, LineKind } from './bill.js';

export type LineParts = Omit<Line, 'id' | 'amount' | 'period'> & {
  /** Tells apart the lines of one kind on one deployment. */
  readonly subject: string | readonly string[];
};

/** Completes a line: its identity, and its amount from its components. */
export function lineOf({ subject, ...parts }: LineParts, currency: Currency, period: Period): Line {
  const amounts = parts.explanation.flatMap((component) => component.amount ?? []);
  return { id: lineId(parts.deployment, parts.kind, subject), ...parts, amount: sumMoney(amounts, currency), period };
}

/** A line of nothing tells nothing; the tax is always shown, at zero too. */
export function isShown(line: Line): boolean {
  return line.kind === 'tax' || !isZeroDecimal(line.quantity) || line.amount.minor !== 0n;
}

/** Segments are escaped, so that no choice of names makes two identities one. */
function lineId(deployment: string | null, kind: LineKind, subject: LineParts['subject']): string {
  const segments = [deployment ?? [], kind, subject].flat();
  return segments.map((segment) => segment.replace(/[%/]/g, encodeURIComponent)).join('/');
}
