import type { LicenseClaims, LicensedLimit } from '@biplane/licensing';

export const deployments = 10_000;
export const checksPerTurn = 100_000;
export const nowMs = Date.parse('2026-04-10T12:00:00Z');
export const homeId = '0193a000-0000-7000-8000-ffffffffffff';

const modules = ['financials', 'search', 'storage', 'reports', 'members', 'projects', 'messages', 'devices'];
const features = ['read', 'write', 'export', 'share'];

/** As many as a bare bit check has bits. As the engine keeps literals, which the decorators of routes name them by. */
export const actions: readonly string[] = Object.keys(
  Object.fromEntries(modules.flatMap((module) => features.map((feature) => [`${module}:${feature}`, true]))),
);

const limit: LicensedLimit = {
  meter: 'api_calls',
  authority: 'data',
  aggregation: 'sum',
  cap: '100000',
  window: 'month',
  strategy: 'soft_warning',
  warnAt: ['0.8', '1'],
};

export interface Question {
  readonly deploymentId: string;
  readonly action: string;
  readonly bit: number;
}

/** As requests come: another tenant each time, half of the questions for a module that it has not. The texts are new, as those of headers are. */
export function questions(): Question[] {
  return Array.from({ length: checksPerTurn }, (_, index) => {
    const which = (index * 7919) % actions.length;
    return { deploymentId: idOf((index * 104_729) % deployments), action: actions[which] as string, bit: 1 << which };
  });
}

/** A few dozen plans, each with about half of all. */
export function bitsOf(index: number): number {
  return Math.imul((index % 64) + 1, 2_654_435_761);
}

/** One flat text: one that is glued together makes every map slow. */
export function idOf(index: number): string {
  return Buffer.from(`0193a000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`).toString('latin1');
}

export function licenseOf(index: number): LicenseClaims {
  const id = idOf(index);
  const licensed = actions.filter((_, which) => (bitsOf(index) & (1 << which)) !== 0);
  const issuedAt = nowMs / 1000 - (index % 86_400);
  return {
    iss: 'biplane',
    sub: id,
    aud: `deployment:${id}`,
    jti: id,
    iat: issuedAt,
    exp: issuedAt + 604_800,
    version: 1 + (index % 1_000),
    status: 'active',
    startsAt: '2026-04-01T00:00:00.000Z',
    noticeAt: '2026-05-01T00:00:00.000Z',
    termEndsAt: '2026-05-01T00:00:00.000Z',
    graceEndsAt: '2026-05-15T00:00:00.000Z',
    calendar: { timeZone: 'UTC' },
    deployment: { id, type: 'shared', region: 'eu-1' },
    placement: { homeId, epoch: 1, phase: 'serving', url: 'https://eu-1.example' },
    plan: { code: 'studio', version: 1 },
    featureFlags: {},
    modules: modulesOf(licensed),
    meters: { api_calls: { authority: 'data', aggregation: 'sum' } },
  };
}

const modulesByActions = new Map<string, LicenseClaims['modules']>();

/** Equal ones are one, as a book of licenses keeps them. */
function modulesOf(licensed: readonly string[]): LicenseClaims['modules'] {
  const key = licensed.join();
  const known = modulesByActions.get(key);
  if (known) return known;
  const made = Object.fromEntries(
    modules.map((module) => {
      const own = features.filter((feature) => licensed.includes(`${module}:${feature}`));
      return [module, { features: own, limits: [limit] }];
    }),
  );
  modulesByActions.set(key, made);
  return made;
}
