import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Clock, Failure } from '@biplane/kernel';
import { CLOCK, faultPoint, IDS, UnitOfWork, type Ids, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { DeploymentsService, type Deployment } from '../deployments/index.js';
import { CostErrors } from './costs.errors.js';
import { CostsStore, type CostRow } from './costs.store.js';
import { contentOf, parseCostLine, type CostLine } from './domain/cost-line.js';

export interface ImportedLine {
  /** Where it stood in the batch. */
  readonly index: number;
  readonly provider: string | null;
  readonly lineId: string | null;
  readonly status: 'accepted' | 'duplicate' | 'rejected';
  readonly failure: Failure | null;
}

/** Takes what providers charged. The same line twice is one; another content under its id is refused. */
@Injectable()
export class Costs {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: CostsStore,
    private readonly deployments: DeploymentsService,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  import(lines: readonly unknown[], actor: Actor): Promise<ImportedLine[]> {
    return this.unitOfWork.run(async (tx) => {
      const parsed = lines.map((line) => parseCostLine(line));
      const named = parsed.flatMap((line) =>
        line.ok && line.value.deploymentId !== null ? [line.value.deploymentId] : [],
      );
      const deployments = await this.deployments.findMany(tx, [...new Set(named)]);
      const candidates = new Map<string, CostRow>();
      for (const line of parsed) {
        if (!line.ok || isUnknown(line.value, deployments) || candidates.has(keyOf(line.value))) continue;
        candidates.set(keyOf(line.value), this.row(line.value, deployments));
      }
      const added = await this.store.insert(tx, [...candidates.values()]);
      faultPoint('costs.after_insert');
      const held = await this.held(tx, candidates, added);
      const results = parsed.map((line, index): ImportedLine => {
        if (!line.ok) {
          const detail = line.error.map((error) => `${error.pointer} ${error.detail}`).join('; ');
          const failure = CostErrors.INVALID({ detail, errors: line.error });
          return { index, provider: null, lineId: null, status: 'rejected', failure };
        }
        return { index, ...judged(line.value, deployments, held) };
      });
      await this.record(tx, added.size, results, actor);
      return results;
    });
  }

  /** By key, the hash of what holds; `accepted` is taken off it by the first line that says it. */
  private async held(tx: Tx, candidates: ReadonlyMap<string, CostRow>, added: ReadonlySet<string>): Promise<Held> {
    const hashes = new Map<string, string>();
    const fresh = new Set<string>();
    const others: CostRow[] = [];
    for (const [key, row] of candidates) {
      if (!added.has(row.id)) {
        others.push(row);
        continue;
      }
      hashes.set(key, row.contentHash);
      fresh.add(key);
    }
    if (others.length > 0) for (const [key, hash] of await this.store.hashes(tx, others)) hashes.set(key, hash);
    return { hashes, fresh };
  }

  private row(line: CostLine, deployments: ReadonlyMap<string, Deployment>): CostRow {
    const { amount, ...fields } = line;
    const tenantId = line.deploymentId === null ? null : deployments.get(line.deploymentId)!.tenantId;
    const contentHash = hashOf(line);
    const { currency, minor: amountMinor } = amount;
    return {
      ...fields,
      id: this.ids.uuid(),
      contentHash,
      tenantId,
      currency,
      amountMinor,
      importedAt: this.clock.now(),
    };
  }

  private async record(tx: Tx, accepted: number, results: readonly ImportedLine[], actor: Actor): Promise<void> {
    if (accepted === 0) return;
    const count = (status: ImportedLine['status']) => results.filter((result) => result.status === status).length;
    await this.audit.record(tx, {
      actor,
      action: 'costs.imported',
      object: { type: 'costs', id: 'import' },
      after: { accepted, duplicates: count('duplicate'), rejected: count('rejected') },
    });
  }
}

interface Held {
  readonly hashes: ReadonlyMap<string, string>;
  readonly fresh: Set<string>;
}

function judged(line: CostLine, deployments: ReadonlyMap<string, Deployment>, held: Held): Omit<ImportedLine, 'index'> {
  const { provider, lineId } = line;
  if (isUnknown(line, deployments)) {
    const failure = CostErrors.DEPLOYMENT_UNKNOWN({ detail: `There is no deployment ${line.deploymentId}` });
    return { provider, lineId, status: 'rejected', failure };
  }
  const key = keyOf(line);
  if (held.hashes.get(key) !== hashOf(line)) {
    const failure = CostErrors.ID_REUSED({ detail: `${provider} ${lineId} was imported with other content` });
    return { provider, lineId, status: 'rejected', failure };
  }
  return { provider, lineId, status: held.fresh.delete(key) ? 'accepted' : 'duplicate', failure: null };
}

const keyOf = ({ provider, lineId }: CostLine): string => `${provider} ${lineId}`;
const hashOf = (line: CostLine): string => createHash('sha256').update(contentOf(line)).digest('hex');

function isUnknown({ deploymentId }: CostLine, deployments: ReadonlyMap<string, Deployment>): boolean {
  return deploymentId !== null && !deployments.has(deploymentId);
}
