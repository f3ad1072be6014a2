import { allocateLargestRemainder, err, ok, rational, roundHalfAway, type Result } from '@biplane/kernel';

/** A line of an issued invoice, and what of it was credited so far. Both have the same sign. */
export interface CreditableLine {
  readonly position: number;
  readonly lineId: string;
  readonly kind: string;
  readonly amountMinor: bigint;
  readonly creditedMinor: bigint;
}

export interface CreditedLine {
  readonly position: number;
  /** With the sign of the line that it credits. */
  readonly amountMinor: bigint;
}

/** What is to be credited: all that is left, an amount with its tax, or amounts of lines, to which their tax comes. */
export type CreditRequest =
  | { readonly of: 'rest' }
  | { readonly of: 'amount'; readonly minor: bigint }
  | { readonly of: 'lines'; readonly lines: readonly { readonly lineId: string; readonly minor: bigint }[] };

export type CreditMistake =
  | { readonly why: 'NOTHING_LEFT' }
  | { readonly why: 'LINE_UNKNOWN'; readonly lineId: string }
  | { readonly why: 'TOO_LARGE'; readonly lineId: string | null; readonly remainingMinor: bigint };

/** Lines in the order of the invoice, none of nothing. They never come to more than what is left, of a line or in all. */
export function creditLines(
  lines: readonly CreditableLine[],
  request: CreditRequest,
): Result<CreditedLine[], CreditMistake> {
  const remaining = sum(lines.map(left));
  if (remaining <= 0n) return err({ why: 'NOTHING_LEFT' });
  if (request.of === 'rest') return ok(some(lines.map((line) => credited(line, left(line)))));
  if (request.of === 'lines') return byLines(lines, request.lines);
  if (request.minor > remaining) return err({ why: 'TOO_LARGE', lineId: null, remainingMinor: remaining });
  return ok(spread(lines, request.minor, remaining));
}

/**
 * Each line takes its part of the amount by largest remainder. Lines below zero (discounts) give theirs back, so that both
 * sides together come to the amount and neither goes beyond what it was.
 */
function spread(lines: readonly CreditableLine[], minor: bigint, remaining: bigint): CreditedLine[] {
  const above = lines.map((line) => (left(line) > 0n ? left(line) : 0n));
  const below = lines.map((line) => (left(line) < 0n ? -left(line) : 0n));
  const toAbove = roundHalfAway(rational(minor * sum(above), remaining), 0);
  const parts = allocateLargestRemainder(toAbove, above);
  const back = allocateLargestRemainder(toAbove - minor, below);
  return some(lines.map((line, index) => credited(line, parts[index]! - back[index]!)));
}

function byLines(
  lines: readonly CreditableLine[],
  asked: readonly { readonly lineId: string; readonly minor: bigint }[],
): Result<CreditedLine[], CreditMistake> {
  const wanted = new Map(asked.map(({ lineId, minor }) => [lineId, minor]));
  for (const [lineId, minor] of wanted) {
    const line = lines.find((each) => each.lineId === lineId);
    if (line === undefined || line.kind === 'tax' || line.amountMinor <= 0n)
      return err({ why: 'LINE_UNKNOWN', lineId });
    if (minor > left(line)) return err({ why: 'TOO_LARGE', lineId, remainingMinor: left(line) });
  }
  const untaxed = lines.filter(({ kind }) => kind !== 'tax');
  const subtotal = sum(untaxed.map(({ amountMinor }) => amountMinor));
  const before = sum(untaxed.map(({ creditedMinor }) => creditedMinor));
  const now = sum([...wanted.values()]);
  if (before + now > subtotal) return err({ why: 'TOO_LARGE', lineId: null, remainingMinor: subtotal - before });
  return ok(
    some(
      lines.map((line) => {
        if (line.kind !== 'tax') return credited(line, wanted.get(line.lineId) ?? 0n);
        // By what is credited in all, so that the tax of the last part is the rest of it.
        const inAll = roundHalfAway(rational(line.amountMinor * (before + now), subtotal), 0);
        return credited(line, within(inAll - line.creditedMinor, left(line)));
      }),
    ),
  );
}

function left({ amountMinor, creditedMinor }: CreditableLine): bigint {
  return amountMinor - creditedMinor;
}

function credited({ position }: CreditableLine, amountMinor: bigint): CreditedLine {
  return { position, amountMinor };
}

function some(lines: readonly CreditedLine[]): CreditedLine[] {
  return lines.filter(({ amountMinor }) => amountMinor !== 0n);
}

function within(minor: bigint, most: bigint): bigint {
  return minor < 0n ? 0n : minor > most ? most : minor;
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((a, b) => a + b, 0n);
}
