/** `stopped` keeps everything but the pods; `absent` is final. */
export const DESIRED_STATES = ['running', 'stopped', 'absent'] as const;
export type DesiredState = (typeof DESIRED_STATES)[number];

/** `Applied`: the cluster took every object; `Available`: its pods answer; `Gone`: its namespace is no more. */
export const CONDITION_TYPES = ['Applied', 'Available', 'Gone'] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];

export interface HomeCondition {
  readonly type: ConditionType;
  readonly status: boolean;
  /** A code, such as `IMAGE_PULL`. */
  readonly reason: string;
  /** What the cluster said, for people. */
  readonly message: string | null;
  /** When status or reason became this. */
  readonly since: Date;
}

/** What was seen just now, without since when. */
export type SeenCondition = Omit<HomeCondition, 'since'>;

/** What the annotations of a home's namespace said, as the cluster returned them. */
export interface SeenAnnotations {
  /** Empty when nobody can read them. */
  readonly modules: readonly string[];
  readonly suspendedAt: Date | null;
  /** Why they are no evidence: absent, unreadable, or not written by us; null when they are. */
  readonly flaw: string | null;
}

/** A home as it shall be. */
export interface DedicatedHome {
  readonly homeId: string;
  readonly tenantId: string;
  readonly deploymentId: string;
  readonly region: string;
  readonly epoch: number;
  readonly url: string;
  readonly tenantSlug: string;
  readonly deploymentSlug: string;
  readonly desired: DesiredState;
  readonly modules: readonly string[];
  readonly suspendedAt: Date | null;
  /** It is not stopped while it is suspended. */
  readonly keptRunning: boolean;
  /** Rises with every change of the above. */
  readonly generation: number;
  /** The generation that the cluster has. */
  readonly observedGeneration: number;
  /** Hash of the settings that the cluster has it by; null when it has it not. */
  readonly observedSettings: string | null;
  /** What the cluster has, since when it was seen so; null while nobody has looked. */
  readonly annotations: (SeenAnnotations & { readonly since: Date }) | null;
  readonly absentSince: Date | null;
  readonly goneAt: Date | null;
  readonly createdAt: Date;
}

/** What nobody has looked at yet. */
export const NOT_LOOKED_AT: readonly SeenCondition[] = [
  { type: 'Applied', status: false, reason: 'NOT_APPLIED', message: null },
  { type: 'Available', status: false, reason: 'NOT_APPLIED', message: null },
];

/** A flag of plan or deployment that keeps a home running while it is suspended. */
export const KEEP_RUNNING_FLAG = 'keep_running_while_suspended';

export function isSameAnnotations(known: SeenAnnotations | null, seen: SeenAnnotations): boolean {
  return (
    known !== null &&
    known.modules.join() === seen.modules.join() &&
    known.suspendedAt?.getTime() === seen.suspendedAt?.getTime() &&
    known.flaw === seen.flaw
  );
}

/** Those of what was seen that are not what is known. */
export function changedConditions(
  known: readonly HomeCondition[],
  seen: readonly SeenCondition[],
  now: Date,
): HomeCondition[] {
  return seen.flatMap((each) => {
    const before = known.find(({ type }) => type === each.type);
    const isSame = before?.status === each.status && before.reason === each.reason;
    // What it says in words may change with every look ("back-off 20s"): that alone is no news.
    return isSame ? [] : [{ ...each, since: now }];
  });
}
