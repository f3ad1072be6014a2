import { executeSql, faultPoint, openDatabase, querySql, type PrismaAdapter, type Tx } from '@biplane/service-kit';
import { LevelLimits } from '../index.js';
import { ids, NOW } from './rig.js';

/** One process that adds members to a tenant's database as long as the limit lets it. */
export interface MemberInput {
  readonly url: string;
  readonly cap: string;
  /** In each round. */
  readonly attempts: number;
  readonly lanes: number;
  /** Each fills a meter of its own. */
  readonly rounds: number;
}

export const meterOf = (round: number): string => (round === 0 ? 'members' : `members_${round}`);

export async function addMember(tx: Tx, levels: LevelLimits, cap: string, round = 0): Promise<boolean> {
  const { admitted } = await levels.take(tx, { meter: meterOf(round), quantity: '1', cap });
  if (!admitted) return false;
  faultPoint('limits.after_take_before_record');
  await executeSql(
    tx,
    `INSERT INTO member (id, role, state, created_at) VALUES ($1::text::uuid, 'member', 'active', $2::text::timestamptz)`,
    [ids.uuid(), NOW],
  );
  return true;
}

export const members = new LevelLimits({
  async count(tx, meter) {
    if (meter !== meterOf(0)) return '0';
    const [row] = await querySql<{ members: string }>(tx, 'SELECT count(*)::text AS members FROM member');
    return row?.members ?? '0';
  },
});

if (process.argv[1]?.endsWith('member.child.ts') === true) {
  const input = JSON.parse(process.argv.at(-1) ?? '') as MemberInput;
  const { PrismaClient } = (await import(['@biplane', 'prisma-tenant'].join('/'))) as {
    PrismaClient: new (options: { adapter: PrismaAdapter }) => unknown;
  };
  const unitOfWork = openDatabase({
    url: input.url,
    clientFactory: (adapter) => new PrismaClient({ adapter }),
    poolMax: input.lanes,
  });
  let added = 0;
  for (let round = 0; round < input.rounds; round += 1) {
    let left = input.attempts;
    const lane = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const isAdded = await unitOfWork.run((tx) => addMember(tx, members, input.cap, round), { waitMs: 20_000 });
        if (isAdded) added += 1;
      }
    };
    await Promise.all(Array.from({ length: input.lanes }, lane));
  }
  await unitOfWork.close();
  process.stdout.write(String(added));
}
