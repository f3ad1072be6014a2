import { Injectable } from '@nestjs/common';
import type { MoveReport } from '@biplane/contracts';
import type { Tx } from '@biplane/service-kit';

/** Why a report of a move is kept aside; null when it was taken, or was known already. */
export type MoveReportFault = 'DEPLOYMENT_UNKNOWN' | 'MOVE_UNKNOWN' | 'HOME_NOT_PLACED';

type Listener = (tx: Tx, report: MoveReport) => Promise<MoveReportFault | null>;

/** Hands on what homes report of moves; until somebody takes it, everything is kept aside. */
@Injectable()
export class MoveInbox {
  private listener: Listener = async () => 'MOVE_UNKNOWN';

  onReport(listener: Listener): void {
    this.listener = listener;
  }

  take(tx: Tx, report: MoveReport): Promise<MoveReportFault | null> {
    return this.listener(tx, report);
  }
}
