import { faultPointsOfProcess } from '../environment/fault-points.js';

let armed: Map<string, number> | null = null;

/**
 * Kills the own process with SIGKILL when `FAULT_POINTS` names this point: `name` at the first hit, `name:3` at the
 * third. Otherwise it costs one lookup in an empty map. Kill tests prove with it that any instruction may be the last.
 */
export function faultPoint(name: string): void {
  armed ??= faultPointsOfProcess();
  if (armed.size === 0) return;
  const hitsLeft = armed.get(name);
  if (hitsLeft === undefined) return;
  if (hitsLeft > 1) {
    armed.set(name, hitsLeft - 1);
    return;
  }
  process.kill(process.pid, 'SIGKILL');
}
