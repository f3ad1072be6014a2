import { isStopped, type State } from './states.js';

export interface KnownHistory {
  readonly state: State;
  readonly createdAt: Date;
  readonly firstReadyAt: Date | null;
  /** In their order. */
  readonly events: readonly { readonly to: State; readonly at: Date }[];
  readonly switches: readonly { readonly module: string }[];
  /** What it may switch: the modules of its plan. */
  readonly planModules: readonly string[];
}

/** What the present home is known to enforce: annotations that the cluster returned, or the license that the home reported. */
export interface Evidence {
  readonly modules: readonly string[];
  /** When it was suspended; null when it works. */
  readonly suspendedAt: Date | null;
  /** Since when it works again, if it does. */
  readonly worksSince: Date;
  /** Of a module that it does not have: since when. */
  readonly withoutSince: ReadonlyMap<string, Date>;
}

export interface MissingEvent {
  readonly from: State | null;
  readonly to: State;
  readonly at: Date;
}

export interface Missing {
  readonly lifecycle: readonly MissingEvent[];
  readonly suspensions: readonly MissingEvent[];
  readonly switches: readonly { readonly module: string; readonly enabled: boolean; readonly at: Date }[];
}

/**
 * The events that a history lacks. The state is the master: an event is missing when the last one does not lead to it, and it is
 * dated by the evidence; without evidence nothing is told that would need it. What is there already is never contradicted.
 */
export function missingEvents(known: KnownHistory, evidence: Evidence | null, now: Date): Missing {
  const lifecycle: MissingEvent[] = [];
  const suspensions: MissingEvent[] = [];
  const { state, createdAt } = known;
  let last = known.events.at(-1);
  if (!last) {
    last = { to: isStopped(state) ? 'active' : state, at: createdAt };
    lifecycle.push({ from: null, ...last });
  }
  if (last.to !== state) {
    const [stops, stopped] = [isStopped(state), isStopped(last.to)];
    const at = stops ? evidence?.suspendedAt : stopped ? worksSince(evidence) : now;
    const event = at && { from: last.to, to: state, at: later(at, last.at) };
    if (event) (stops || stopped ? suspensions : lifecycle).push(event);
  }
  return { lifecycle, suspensions, switches: evidence === null ? [] : missingSwitches(known, evidence) };
}

/** A module that nobody ever switched counts as enabled from the start: saying so changes no bill, saying otherwise does. */
function missingSwitches(known: KnownHistory, { modules, withoutSince }: Evidence): Missing['switches'] {
  const switched = new Set(known.switches.map(({ module }) => module));
  const begun = known.firstReadyAt ?? known.createdAt;
  const silent = [...new Set([...modules, ...known.planModules])].filter((module) => !switched.has(module)).sort();
  return silent.flatMap((module): Missing['switches'] => {
    if (modules.includes(module)) return [{ module, enabled: true, at: begun }];
    const since = withoutSince.get(module);
    return since ? [{ module, enabled: false, at: later(since, begun) }] : [];
  });
}

function worksSince(evidence: Evidence | null): Date | null {
  return evidence === null || evidence.suspendedAt !== null ? null : evidence.worksSince;
}

function later(a: Date, b: Date): Date {
  return a > b ? a : b;
}
