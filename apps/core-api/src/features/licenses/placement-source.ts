import { Injectable } from '@nestjs/common';
import type { LicensePlacement } from '@biplane/licensing';
import type { Tx } from '@biplane/service-kit';

/** What a move that is under way says of the placement: which home stands by, and whether writes are refused meanwhile. */
export type MovingPlacement = Pick<LicensePlacement, 'phase' | 'next'>;

type Source = (tx: Tx, deploymentId: string) => Promise<MovingPlacement | null>;

/** Asked at every signing for what moves know of a deployment, without this feature knowing them. */
@Injectable()
export class PlacementSource {
  private source: Source = async () => null;

  /** Called when the feature of the moves starts. */
  from(source: Source): void {
    this.source = source;
  }

  of(tx: Tx, deploymentId: string): Promise<MovingPlacement | null> {
    return this.source(tx, deploymentId);
  }
}
