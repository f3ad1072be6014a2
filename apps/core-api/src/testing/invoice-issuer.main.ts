import { orThrow, parseTenantId } from '@biplane/kernel';
import { UnitOfWork } from '@biplane/service-kit';
import { seededRandom } from '@biplane/testing';
import { IssueInvoices, type IssueItem } from '../features/invoices/index.js';
import { madeBill } from './made-bill.js';
import { runCore, type CoreOptions } from './running-core.js';

/** A replica that issues a month for these tenants, a few at a time, one in seven rolled back and tried again. */
export interface IssuerInput extends CoreOptions {
  readonly tenants: readonly string[];
  readonly month: string;
  readonly seed: number;
}

const { tenants, month, seed, ...options } = JSON.parse(process.argv.at(-1) ?? '{}') as IssuerInput;
const core = await runCore(options);
const issues = core.app.get(IssueInvoices, { strict: false });
const unitOfWork = core.app.get(UnitOfWork, { strict: false });
const random = seededRandom(seed);
const now = new Date(options.startAt ?? 0);
class Regretted extends Error {}

process.stdout.write('ready\n');
for (let done = 0; done < tenants.length;) {
  const batch = tenants.slice(done, done + 1 + Math.floor(random() * 8));
  const regretted = random() < 1 / 7;
  const items = batch.map((id): IssueItem => {
    return { tenantId: orThrow(parseTenantId(id)), month, bill: madeBill(`tenant ${id}`, month), provisional: false };
  });
  try {
    await unitOfWork.run(
      async (tx) => {
        await issues.issueAll(tx, items, now, { id: 'job:test', requestId: null });
        if (regretted) throw new Regretted();
      },
      { timeoutMs: 60_000, waitMs: 30_000 },
    );
    done += batch.length;
  } catch (error) {
    if (!(error instanceof Regretted)) throw error;
  }
}
await core.close();
