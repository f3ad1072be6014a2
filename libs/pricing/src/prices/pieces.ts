import { compareDecimal, currencyExponent, ZERO_DECIMAL, type Currency, type Decimal } from '@biplane/kernel';

/** What a quantity above the piece before it, up to `upTo`, costs: `settled` minor units, and the rate for what is above `from`. */
export interface Piece {
  readonly upTo: Decimal | null;
  readonly from: Decimal;
  readonly rate: Decimal;
  readonly settled: bigint;
}

/** The pieces in integers of one scale: minor units are (quantity x rate + offset) / divisor, cut off. */
interface ScaledPieces {
  readonly uppers: readonly bigint[];
  readonly rates: readonly bigint[];
  readonly offsets: readonly bigint[];
  readonly divisor: bigint;
}

/**
 * A price that is one straight line in each piece. Finding the piece and one multiplication give the minor units, rounded
 * half away from zero (nothing here is negative, so half is added and the rest cut off), whatever the number of pieces.
 */
export class Pieces {
  private readonly scaleMin: number;
  private readonly rateScale: number;
  private readonly exponent: number;
  private readonly scaled: (ScaledPieces | undefined)[] = [];

  constructor(
    private readonly pieces: readonly Piece[],
    currency: Currency,
  ) {
    this.exponent = currencyExponent(currency);
    // No rate has fewer decimals than the currency, so that the divisor is whole.
    this.rateScale = Math.max(this.exponent, ...pieces.map(({ rate }) => rate.scale));
    this.scaleMin = Math.max(...pieces.map(({ upTo, from }) => Math.max(from.scale, upTo?.scale ?? 0)));
  }

  minorOf({ coefficient, scale }: Decimal): bigint {
    const { uppers, rates, offsets, divisor } = this.scaled[scale] ?? this.atScale(scale);
    const quantity = scale < this.scaleMin ? coefficient * tenTo(this.scaleMin - scale) : coefficient;
    let index = 0;
    while (index < uppers.length && quantity > uppers[index]!) index += 1;
    return (quantity * rates[index]! + offsets[index]!) / divisor;
  }

  /** The piece that prices the last unit of the quantity. */
  indexOf(quantity: Decimal): number {
    return this.pieces.findIndex(({ upTo }) => upTo === null || compareDecimal(quantity, upTo) <= 0);
  }

  private atScale(scale: number): ScaledPieces {
    const working = Math.max(scale, this.scaleMin);
    const divisor = tenTo(working + this.rateScale - this.exponent);
    const half = divisor / 2n;
    const rates = this.pieces.map(({ rate }) => integer(rate, this.rateScale));
    const scaled = {
      uppers: this.pieces.slice(0, -1).map(({ upTo }) => integer(upTo ?? ZERO_DECIMAL, working)),
      rates,
      offsets: this.pieces.map(({ from, settled }, index) => {
        const before = integer(from, working) * rates[index]!;
        return half + settled * divisor - before;
      }),
      divisor,
    };
    this.scaled[scale] = scaled;
    return scaled;
  }
}

function integer({ coefficient, scale }: Decimal, atScale: number): bigint {
  return coefficient * tenTo(atScale - scale);
}

function tenTo(power: number): bigint {
  return 10n ** BigInt(power);
}
