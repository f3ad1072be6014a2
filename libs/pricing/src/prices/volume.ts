import { ZERO_DECIMAL } from '@biplane/kernel';
import { exactMoney } from '../component.js';
import { at } from '../mistakes.js';
import { Pieces } from './pieces.js';
import type { MeterPriceKind } from './price-kind.js';
import { readTiers, tierComponents, tierStarts, type Tier } from './tiers.js';

/** `{"kind":"volume","tiers":[…]}`: the whole quantity costs what the one tier says in which it ends. */
export interface VolumePrice {
  readonly kind: 'volume';
  readonly tiers: readonly Tier[];
}

export const volume: MeterPriceKind<VolumePrice> = {
  kind: 'volume',
  members: ['tiers'],
  parse: (request, context) => {
    const tiers = readTiers(request['tiers'], { ...context, pointer: at(context.pointer, 'tiers') });
    return tiers && { kind: 'volume', tiers };
  },
  prepare: ({ tiers }, currency) => {
    const starts = tierStarts(tiers);
    const pieces = new Pieces(
      tiers.map(({ upTo, unitPrice, flatFee = ZERO_DECIMAL }) => ({
        upTo,
        from: ZERO_DECIMAL,
        rate: unitPrice,
        settled: exactMoney(flatFee, currency).minor,
      })),
      currency,
    );
    return {
      minorOf: (quantity) => pieces.minorOf(quantity),
      componentsOf: (quantity) => {
        const index = pieces.indexOf(quantity);
        return tierComponents(tiers[index]!, starts[index]!, quantity, currency);
      },
      unitPriceOf: (quantity) => tiers[pieces.indexOf(quantity)]!.unitPrice,
    };
  },
};
