import { subtractDecimal, type Currency, type Decimal } from '@biplane/kernel';
import type { Component } from '../component.js';
import { at } from '../mistakes.js';
import { Pieces, type Piece } from './pieces.js';
import type { MeterPriceKind } from './price-kind.js';
import { readTiers, tierComponents, tierStarts, type Tier } from './tiers.js';

/** `{"kind":"graduated","tiers":[…]}`: each unit costs what its tier says; a flat part is due once its tier is entered. */
export interface GraduatedPrice {
  readonly kind: 'graduated';
  readonly tiers: readonly Tier[];
}

export const graduated: MeterPriceKind<GraduatedPrice> = {
  kind: 'graduated',
  members: ['tiers'],
  parse: (request, context) => {
    const tiers = readTiers(request['tiers'], { ...context, pointer: at(context.pointer, 'tiers') });
    return tiers && { kind: 'graduated', tiers };
  },
  prepare: ({ tiers }, currency) => {
    const starts = tierStarts(tiers);
    const pieces = new Pieces(graduatedPieces(tiers, starts, currency), currency);
    return {
      minorOf: (quantity) => pieces.minorOf(quantity),
      // The first tier always counts as entered: its flat part is due at zero too.
      componentsOf: (quantity) =>
        tiers.slice(0, pieces.indexOf(quantity) + 1).flatMap((tier, index, entered) => {
          const from = starts[index]!;
          const upper = index === entered.length - 1 ? quantity : tier.upTo!;
          return tierComponents(tier, from, subtractDecimal(upper, from), currency);
        }),
      unitPriceOf: () => null,
    };
  },
};

/** A tier that is full costs the same ever after: in the pieces above it that is settled. */
function graduatedPieces(tiers: readonly Tier[], starts: readonly Decimal[], currency: Currency): Piece[] {
  let settled = 0n;
  return tiers.map((tier, index) => {
    const from = starts[index]!;
    const [, ...flat] = tierComponents(tier, from, from, currency);
    const piece = { upTo: tier.upTo, from, rate: tier.unitPrice, settled: settled + minorOf(flat) };
    if (tier.upTo) settled += minorOf(tierComponents(tier, from, subtractDecimal(tier.upTo, from), currency));
    return piece;
  });
}

function minorOf(components: readonly Component[]): bigint {
  return components.reduce((sum, { amount }) => sum + (amount?.minor ?? 0n), 0n);
}
