import { decide, type DecideInput, type LicenseClaims } from '@biplane/licensing';
import type { Benchmark, Finding } from './benchmark.js';
import { compare, timed } from './rounds.js';

const deployments = 10_000;
const checksPerTurn = 100_000;
const rounds = 9;
const now = new Date('2026-04-10T12:00:00Z');
const modules = ['financials', 'search', 'storage', 'reports', 'members'] as const;

/** The pure decision over 10,000 licenses, beside the least that could answer: a map and a bit. */
export const decision: Benchmark = {
  name: 'decision',
  async run(): Promise<readonly Finding[]> {
    const licenses = new Map(Array.from({ length: deployments }, (_, index) => [idOf(index), licenseOf(index)]));
    const bits = new Map(Array.from({ length: deployments }, (_, index) => [idOf(index), bitsOf(index)]));
    const asked = Array.from({ length: checksPerTurn }, (_, index) => questionOf(index));
    const inputs = asked.map(({ deploymentId, module }) => inputOf(licenses, deploymentId, module));

    const wrong = asked.filter(({ deploymentId, bit }, index) => {
      const expected = ((bits.get(deploymentId) as number) & bit) !== 0;
      return decide(inputs[index] as DecideInput).isAllowed !== expected;
    });
    if (wrong.length > 0) throw new Error(`decision: ${wrong.length} of ${checksPerTurn} answers differ from the bits`);

    let allowed = 0;
    const comparison = await compare(
      rounds,
      () =>
        timed(checksPerTurn, () => {
          for (const { deploymentId, bit } of asked) if (((bits.get(deploymentId) as number) & bit) !== 0) allowed += 1;
        }),
      () =>
        timed(checksPerTurn, () => {
          for (const { deploymentId, module } of asked) {
            if (decide(inputOf(licenses, deploymentId, module)).isAllowed) allowed += 1;
          }
        }),
    );
    if (allowed === 0) throw new Error('decision: nothing was ever allowed');
    return [
      {
        name: 'decide, module and feature, no limit',
        baseline: 'Map.get and a bit',
        subject: 'Map.get and decide() with its full Decision',
        oracle: `${checksPerTurn} answers equal to the bits`,
        ...comparison,
      },
    ];
  },
};

function inputOf(licenses: ReadonlyMap<string, LicenseClaims>, deploymentId: string, module: string): DecideInput {
  return { license: licenses.get(deploymentId), deploymentId, action: `${module}:use`, now };
}

function idOf(index: number): string {
  return `0193a000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`;
}

function bitsOf(index: number): number {
  return (index * 2_654_435_761) % 32;
}

function questionOf(index: number): { deploymentId: string; module: string; bit: number } {
  const which = (index * 7919) % modules.length;
  return { deploymentId: idOf((index * 104_729) % deployments), module: modules[which] as string, bit: 1 << which };
}

function licenseOf(index: number): LicenseClaims {
  const id = idOf(index);
  const licensed = modules.filter((_, which) => (bitsOf(index) & (1 << which)) !== 0);
  return {
    iss: 'biplane',
    sub: id,
    aud: `deployment:${id}`,
    jti: id,
    iat: now.getTime() / 1000,
    exp: now.getTime() / 1000 + 604_800,
    version: 1,
    status: 'active',
    startsAt: '2026-04-01T00:00:00.000Z',
    noticeAt: '2026-05-01T00:00:00.000Z',
    termEndsAt: '2026-05-01T00:00:00.000Z',
    graceEndsAt: '2026-05-15T00:00:00.000Z',
    calendar: { timeZone: 'UTC' },
    deployment: { id, type: 'shared', region: 'eu-1' },
    placement: { homeId: idOf(0), epoch: 1, phase: 'serving', url: 'https://eu-1.example' },
    plan: { code: 'studio', version: 1 },
    featureFlags: {},
    modules: Object.fromEntries(licensed.map((module) => [module, { features: ['use'], limits: [] }])),
    meters: {},
  };
}
