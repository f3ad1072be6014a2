/** An exact fraction of the oracle's own: it shares no code with what it checks. Never negative in the denominator. */
export interface Fraction {
  readonly top: bigint;
  readonly bottom: bigint;
}

export function whole(value: bigint): Fraction {
  return { top: value, bottom: 1n };
}

export function fraction(text: string): Fraction {
  const [integer = '', decimals = ''] = text.split('.');
  return { top: BigInt(integer + decimals), bottom: 10n ** BigInt(decimals.length) };
}

export function plus(a: Fraction, b: Fraction): Fraction {
  return { top: a.top * b.bottom + b.top * a.bottom, bottom: a.bottom * b.bottom };
}

export function minus(a: Fraction, b: Fraction): Fraction {
  return plus(a, { top: -b.top, bottom: b.bottom });
}

export function times(a: Fraction, b: Fraction): Fraction {
  return { top: a.top * b.top, bottom: a.bottom * b.bottom };
}

export function over(part: number, all: number): Fraction {
  return { top: BigInt(part), bottom: BigInt(all) };
}

export function isLess(a: Fraction, b: Fraction): boolean {
  return a.top * b.bottom < b.top * a.bottom;
}

export function notBelowZero(a: Fraction): Fraction {
  return a.top < 0n ? whole(0n) : a;
}

/** Half away from zero, at so many decimals; by the remainder, not by adding a half. */
export function minorUnits(value: Fraction, decimals: number): bigint {
  const top = value.top * 10n ** BigInt(decimals);
  const magnitude = top < 0n ? -top : top;
  const cut = magnitude / value.bottom;
  const rest = magnitude - cut * value.bottom;
  const rounded = rest + rest >= value.bottom ? cut + 1n : cut;
  return top < 0n ? -rounded : rounded;
}
