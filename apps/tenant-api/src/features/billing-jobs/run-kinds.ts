import { Injectable } from '@nestjs/common';
import type { Tx } from '@biplane/service-kit';
import type { TenantHandle } from '../tenancy/index.js';
import type { RunKind } from './domain/schedule.js';
import type { Run } from './runs.store.js';

/** What one transaction of a run came to. */
export interface Turned {
  readonly done: number;
  readonly skipped: number;
  /** Whether there is nothing left for this run, taken by others included. */
  readonly isDone: boolean;
}

/** Takes some units of the run and decides them, in the given transaction; each unit asks the license as it is decided. */
export type Settle = (tx: Tx, tenant: TenantHandle, run: Run) => Promise<Turned>;

/** Who does the work of which kind of run. */
@Injectable()
export class RunWork {
  private readonly kinds = new Map<RunKind, Settle>();

  register(kind: RunKind, settle: Settle): void {
    if (this.kinds.has(kind)) throw new Error(`Runs of ${kind} have somebody already`);
    this.kinds.set(kind, settle);
  }

  of(kind: RunKind): Settle {
    const settle = this.kinds.get(kind);
    if (settle === undefined) throw new Error(`Nobody makes runs of ${kind}`);
    return settle;
  }
}
