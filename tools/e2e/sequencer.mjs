import { statSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * The order of the suites, the same in every run: they share one stack whose Clock only goes forward, and what the suites
 * that kill leave open is no longer taken in once another suite has jumped more than 35 days ahead. Those come last; after
 * them the ones that start homes of their own, and of these last the one whose home runs on to the end.
 */
export default class SuitesThatKillLast {
  sort(tests) {
    return [...tests].sort((a, b) => rank(a) - rank(b) || size(b) - size(a));
  }

  cacheResults() {
    // Durations of an earlier run must not change the order.
  }
}

const late = [/^(kill-|usage-storm|clocks|keys|webhooks)/, /^(dedicated|home-passwords)/];
const rank = ({ path }) => late.findIndex((names) => names.test(basename(path))) + 1;
const size = ({ path }) => statSync(path).size;
