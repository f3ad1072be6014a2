import { Inject, Injectable } from '@nestjs/common';
import { topics } from '@biplane/contracts';
import type { Clock } from '@biplane/kernel';
import { eventRecord, Outbox } from '@biplane/messaging';
import { CLOCK, faultPoint, IDS, UnitOfWork, type Ids, type Tx } from '@biplane/service-kit';
import { HOME, type HomeIdentity } from '../license/index.js';
import type { MoveStepName } from './domain/next-move-step.js';
import { recordStep } from './moves.store.js';
import type { TableWord } from './table-words.js';

export interface MoveWord {
  readonly deploymentId: string;
  readonly toEpoch: number;
  readonly step: MoveStepName;
  /** Of which home this is said: the pool speaks for others where it alone can act. */
  readonly ofHomeId: string;
  readonly closedThrough?: Date;
  readonly keptSince?: Date;
  readonly tables?: readonly TableWord[];
}

/** A step that is done is written down and told in one transaction, by whichever replica did it, once. */
@Injectable()
export class MoveReports {
  constructor(
    @Inject(HOME) private readonly home: HomeIdentity,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  async done(word: MoveWord): Promise<void> {
    await this.unitOfWork.run((tx) => this.doneIn(tx, word));
  }

  async doneIn(tx: Tx, word: MoveWord): Promise<void> {
    const { deploymentId, toEpoch, step, ofHomeId, closedThrough, keptSince, tables = [] } = word;
    const at = this.clock.now();
    if (!(await recordStep(tx, { deploymentId, toEpoch, step, ...(keptSince && { keptSince }), at }))) return;
    await this.outbox.add(
      tx,
      eventRecord('MoveReport', {
        topic: topics.applied(this.home.region),
        key: deploymentId,
        id: this.ids.uuid(),
        source: `home:${this.home.homeId}`,
        subject: deploymentId,
        time: at,
        data: {
          deploymentId,
          homeId: ofHomeId,
          epoch: toEpoch,
          step,
          closedThrough: closedThrough?.toISOString() ?? null,
          tables,
        },
      }),
    );
    UnitOfWork.afterCommit(tx, () => faultPoint(`move.after_${step}`));
  }
}
