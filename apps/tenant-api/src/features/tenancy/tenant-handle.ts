import { isReadOnlyTransaction, type Tx, type TransactionOptions, type UnitOfWork } from '@biplane/service-kit';
import { draining } from '../license/index.js';
import type { TenantPools } from './tenant-pools.js';

declare const handleBrand: unique symbol;

/**
 * The only way to a tenant's database, queue, cache key or topic key: who has it was resolved once, from the authenticated request, and
 * whoever lacks it reaches nothing. Made by `TenantHandles` only.
 */
export class TenantHandle {
  declare readonly [handleBrand]: true;

  constructor(
    readonly deploymentId: string,
    readonly tenantId: string,
    /** Of the placement that it was resolved under: work that was queued under another one does nothing. */
    readonly epoch: number,
    private readonly pools: TenantPools<UnitOfWork>,
    /** Throws while nothing of the deployment may be written. */
    private readonly beforeWrite: () => void = () => undefined,
  ) {}

  /** One transaction in the tenant's own database; 503 while the deployment is being moved. */
  async run<T>(work: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T> {
    this.beforeWrite();
    // Asked again once it begins, and each time that it begins again: that may be seconds later.
    const begun = (tx: Tx): Promise<T> => {
      this.beforeWrite();
      return work(tx);
    };
    try {
      return await this.pools.use(this.deploymentId, (database) => database.run(begun, options));
    } catch (error) {
      // The database knows of the move before this process does.
      if (isReadOnlyTransaction(error)) throw draining(this.deploymentId);
      throw error;
    }
  }

  /** Reads outside a transaction. */
  read<T>(work: (reader: Tx) => Promise<T>): Promise<T> {
    return this.pools.use(this.deploymentId, (database) => work(database.reader));
  }
}
