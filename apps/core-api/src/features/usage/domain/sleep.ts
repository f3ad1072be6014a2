import { hourOf, type OpenPeriod } from '@biplane/billing-calendar';

/** How a home spent an hour: `through` without a pod, or from somewhere within it `to_end`; `awake` in its last instant. */
export type Sleep = 'through' | 'to_end' | 'awake';

/** `stops`: when the home had no pod. */
export function sleepOf(stops: readonly OpenPeriod[], hour: Date): Sleep {
  const end = hourOf(hour).to;
  const last = stops.find(({ from, to }) => from < end && (to === null || to >= end));
  if (last === undefined) return 'awake';
  return last.from <= hour ? 'through' : 'to_end';
}
