import { statSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * The order of the suites, the same in every run: they share one stack whose Clock only goes forward, and what the suites
 * that kill leave open is no longer taken in once another suite has jumped more than 35 days ahead. Those come last.
 */
export default class SuitesThatKillLast {
  sort(tests) {
    return [...tests].sort((a, b) => Number(kills(a)) - Number(kills(b)) || size(b) - size(a));
  }

  cacheResults() {
    // Durations of an earlier run must not change the order.
  }
}

const kills = ({ path }) => /^(kill-|usage-storm|clocks|keys|webhooks)/.test(basename(path));
const size = ({ path }) => statSync(path).size;
