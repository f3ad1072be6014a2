import { Injectable } from '@nestjs/common';
import type { Tx } from '@biplane/service-kit';
import { Audit, jobActor } from '../audit/index.js';
import { refText, type WritingAction } from '../cluster/index.js';
import type { Look, WantedHome } from '../homes/index.js';

/** Something that the cluster did because it was asked to. */
export interface Done {
  readonly action: WritingAction;
  /** Nothing new was wanted: somebody had changed or deleted it. */
  readonly isDrift: boolean;
  /** Whose changes of our fields were overruled. */
  readonly overruled: readonly string[];
}

const ACTOR = jobActor('reconciler');

/** What a look did is in the audit, with what differed; never a value of a field, which might be a secret's. */
@Injectable()
export class LookAudit {
  constructor(private readonly audit: Audit) {}

  async record(tx: Tx, home: WantedHome, look: Look, done: readonly Done[]): Promise<void> {
    const drift = done.filter(({ isDrift }) => isDrift);
    const wanted = done.filter(({ isDrift }) => !isDrift);
    if (drift.length > 0) await this.write(tx, 'home.drift_repaired', home, { repaired: drift.map(shown) });
    if (wanted.length > 0) {
      const action = home.desired === 'absent' ? 'home.removing' : 'home.applied';
      await this.write(tx, action, home, { generation: home.generation, done: wanted.map(shown) });
    }
    if (look.isGone) await this.write(tx, 'home.gone', home, { absentSince: home.absentSince?.toISOString() ?? null });
  }

  private async write(tx: Tx, action: string, home: WantedHome, after: object): Promise<void> {
    const { homeId, tenantId, deploymentId } = home;
    const object = { type: 'home', id: homeId };
    await this.audit.record(tx, { actor: ACTOR, action, object, tenantId, after: { deploymentId, ...after } });
  }
}

function shown({ action, overruled }: Done) {
  const { do: what, ref, reason } = action;
  return { do: what, object: refText(ref), reason, ...(overruled.length > 0 && { overruled }) };
}
