import { decimal, orThrow, parseCurrency, type Decimal } from '@biplane/kernel';
import { parseBillRequest, parseMeterPricing, priceBill, type BillRequest } from '@biplane/pricing';
import { Decimal as Peer } from 'decimal.js';
import type { Benchmark, Finding } from './benchmark.js';
import { compareFastest, timedByProcessor } from './rounds.js';

const lines = 1_000_000;
const rounds = 3;
/** Each is one line of a bill that is explained whole: there are fewer, for they take longer. */
const explained = 20_000;

const currency = orThrow(parseCurrency('USD'));
const tiers = [
  { upTo: '100', unitPrice: '0.10' },
  { upTo: '1000', unitPrice: '0.08' },
  { upTo: '5000', unitPrice: '0.0525' },
  { upTo: '10000', unitPrice: '0.031' },
  { upTo: null, unitPrice: '0.0195' },
];
const price = { kind: 'graduated', tiers };

/** Five tiers, each rounded to the cent, beside decimal.js doing the same. */
export const pricing: Benchmark = {
  name: 'pricing',
  async run(): Promise<readonly Finding[]> {
    // Thousandths, up to twice the last bound: each tier is the last of some line.
    const thousandths = Array.from({ length: lines }, (_, index) => (index * 7_919_993) % 20_000_000);
    const own = thousandths.map((count) => decimal(BigInt(count), 3));
    const peers = thousandths.map((count) => new Exact(count).div(1_000));
    return [await amountsOf(own, peers), await billsOf(own.slice(0, explained), peers.slice(0, explained))];
  },
};

async function amountsOf(own: readonly Decimal[], peers: readonly Peer[]): Promise<Finding> {
  const { minorOf } = orThrow(parseMeterPricing(price, currency));
  const totals = { baseline: 0n, subject: 0n };
  const comparison = await compareFastest(
    rounds,
    () => timedByProcessor(lines, () => void (totals.baseline = totalOfPeer(peers))),
    () =>
      timedByProcessor(lines, () => {
        let total = 0n;
        for (const quantity of own) total += minorOf(quantity);
        totals.subject = total;
      }),
  );
  insistEqual(totals);
  return {
    name: 'amounts of lines of five tiers',
    baseline: 'decimal.js, tier by tier, each rounded half away from zero',
    subject: 'the price that priceBill asks, on integers',
    oracle: `equal totals of ${lines} lines: ${totals.subject} cents`,
    goal: 1 / 25,
    ...comparison,
  };
}

/** The lines with their explanations, as they stand on a bill. */
async function billsOf(own: readonly Decimal[], peers: readonly Peer[]): Promise<Finding> {
  const inputs = own.map(({ coefficient, scale }) => orThrow(parseBillRequest(billRequest(coefficient, scale))));
  const totals = { baseline: 0n, subject: 0n };
  const comparison = await compareFastest(
    rounds,
    () => timedByProcessor(explained, () => void (totals.baseline = totalOfPeer(peers))),
    () =>
      timedByProcessor(explained, () => {
        let total = 0n;
        for (const input of inputs) total += priceBill(input).total.minor;
        totals.subject = total;
      }),
  );
  insistEqual(totals);
  return {
    name: 'whole bills of one such line, explained',
    baseline: 'decimal.js, the amounts alone',
    subject: 'priceBill of a checked request',
    oracle: `equal totals of ${explained} bills: ${totals.subject} cents`,
    ...comparison,
  };
}

const period = { from: new Date('2026-04-01T00:00:00Z'), to: new Date('2026-05-01T00:00:00Z') };

function billRequest(coefficient: bigint, scale: number): BillRequest {
  const units = `${coefficient}`.padStart(scale + 1, '0');
  const used = scale === 0 ? units : `${units.slice(0, -scale)}.${units.slice(-scale)}`;
  const planVersion = { currency: 'USD', baseFee: '0', meters: [{ meter: 'units', price }] };
  const deployment = { ref: 'web', plan: { code: 'p' }, planVersion, active: [period], usage: { units: used } };
  return { currency: 'USD', timeZone: 'UTC', period, deployments: [deployment] };
}

const Exact = Peer.clone({ precision: 40, rounding: Peer.ROUND_HALF_UP });
const peerTiers = tiers.map(({ upTo, unitPrice }, index) => ({
  from: new Exact(tiers[index - 1]?.upTo ?? 0),
  upTo: upTo === null ? null : new Exact(upTo),
  unitPrice: new Exact(unitPrice),
}));

function totalOfPeer(quantities: readonly Peer[]): bigint {
  let total = new Exact(0);
  for (const quantity of quantities) {
    for (const { from, upTo, unitPrice } of peerTiers) {
      if (quantity.lte(from)) break;
      const inTier = (upTo === null || quantity.lt(upTo) ? quantity : upTo).minus(from);
      total = total.plus(inTier.times(unitPrice).toDecimalPlaces(2));
    }
  }
  return BigInt(total.times(100).toFixed(0));
}

function insistEqual({ baseline, subject }: { baseline: bigint; subject: bigint }): void {
  if (baseline !== subject) throw new Error(`pricing: ${subject} cents, and by decimal.js ${baseline}`);
}
