import type { PlanAssignment } from './plan-change.js';

export const MIGRATION_MODES = ['grandfather', 'migrate'] as const;
export type MigrationMode = (typeof MIGRATION_MODES)[number];

/** Never `now`: versions of one plan have one rank, and nothing that was sold is changed inside a period. */
export const MIGRATION_EFFECTS = ['next_period', 'next_invoice'] as const;
export type MigrationEffect = (typeof MIGRATION_EFFECTS)[number];

export interface PlanMigration {
  readonly id: string;
  readonly planCode: string;
  readonly toVersion: number;
  readonly fromVersions: readonly number[];
  readonly mode: MigrationMode;
  readonly effective: MigrationEffect;
  readonly reason: string;
  readonly actor: string;
  readonly state: 'running' | 'done';
  readonly afterId: string | null;
  /** How many were on those versions when it was decided. */
  readonly matched: number;
  readonly migrated: number;
  readonly skipped: number;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

/** What was decided last for the subscription is one of the versions that are left behind. */
export function isOnOldVersion(
  plans: readonly PlanAssignment[],
  { planCode, fromVersions }: Pick<PlanMigration, 'planCode' | 'fromVersions'>,
): boolean {
  const latest = plans.at(-1);
  return latest?.planCode === planCode && fromVersions.includes(latest.planVersion);
}

/** Those that are named, or every published one before it; each once, the target never. */
export function versionsLeft(
  asked: readonly number[] | undefined,
  published: readonly number[],
  to: number,
): readonly number[] {
  const named = asked ?? published.filter((version) => version < to);
  return [...new Set(named)].filter((version) => version !== to).sort((a, b) => a - b);
}
