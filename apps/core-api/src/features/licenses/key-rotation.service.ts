import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, IDS, UnitOfWork, type Ids, type Tx } from '@biplane/service-kit';
import { Audit, jobActor, type Actor } from '../audit/index.js';
import { LIVE_MS } from './applied.service.js';
import { keyUnfit, nextKey } from './domain/key-fitness.js';
import { KeyRotationsStore, type KeyRotation, type WaitingHome } from './key-rotations.store.js';
import { LicenseService } from './license.service.js';
import type { RevokeKeyBody, RotateKeyBody } from './licenses.dto.js';
import { LicenseIssueErrors } from './licenses.errors.js';
import { LicensesStore } from './licenses.store.js';
import { revocationOf, SigningKeys } from './signing-keys.service.js';
import { SigningKeysStore, type SigningKeyRow } from './signing-keys.store.js';

const DEADLINE_SECONDS = 600;
const CHUNK = 200;
/** Of one process at once; more would only wait for the pool. */
const PARALLEL = 4;

/**
 * Changes the signing key. A rotation waits until every live home has confirmed the next key, so that no license is ever
 * refused. A revocation does not wait: first the homes are told, then everything is signed anew, in one run. Both are rows
 * that a job carries on with, wherever a process was killed.
 */
@Injectable()
export class KeyRotations {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: KeyRotationsStore,
    private readonly keys: SigningKeysStore,
    private readonly signingKeys: SigningKeys,
    private readonly licenses: LicensesStore,
    private readonly issuing: LicenseService,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  rotate(body: RotateKeyBody, actor: Actor): Promise<KeyRotation> {
    return this.unitOfWork.run(async (tx) => {
      await this.keys.lockAll(tx);
      const now = this.clock.now();
      if (await this.store.open(tx)) {
        throw new RefusalError(LicenseIssueErrors.ROTATION_OPEN({ detail: 'Another change has not ended' }));
      }
      const next = await this.required(tx, body.kid);
      const signing = await this.keys.signing(tx);
      const unfit = signing === null ? 'No key signs: import one' : keyUnfit(next, signing.kid, now);
      if (signing === null || unfit !== null) throw new RefusalError(LicenseIssueErrors.KEY_UNFIT({ detail: unfit! }));
      const deadlineAt = new Date(now.getTime() + (body.deadlineSeconds ?? DEADLINE_SECONDS) * 1_000);
      const waitingFor = body.force === true ? [] : await this.missing(tx, next.kid, now);
      const rotation = this.begun('rotate', signing.kid, next.kid, { reason: body.reason, actor, now, deadlineAt });
      await this.store.insert(tx, { ...rotation, waitingFor });
      await this.signingKeys.publish(tx, next, now);
      await this.record(tx, rotation, actor, 'signing_key.rotation_requested');
      if (body.force === true) await this.switch(tx, rotation, now);
      return (await this.store.find(tx, rotation.id))!;
    });
  }

  revoke(kid: string, body: RevokeKeyBody, actor: Actor): Promise<KeyRotation> {
    return this.unitOfWork.run(async (tx) => {
      await this.keys.lockAll(tx);
      const now = this.clock.now();
      const key = await this.required(tx, kid);
      if (key.revokedAt) throw new RefusalError(LicenseIssueErrors.KEY_UNFIT({ detail: `${kid} is revoked` }));
      const statement = body.revoked ?? key.revokedStatement;
      if (statement === null) throw new RefusalError(LicenseIssueErrors.KEY_NO_STATEMENT({ detail: kid }));
      revocationOf({ kid, publicJwk: key.publicJwk, trusted: key.trustedStatement }, statement);
      const next = await this.successor(tx, key, body, now);
      // Whatever was under way is overtaken: what it had not signed anew, this one does.
      const open = await this.store.open(tx);
      if (open) await this.store.end(tx, open.id, 'refused', now);
      // The homes hear of the key that holds before they drop the other, and drop that one before anything new comes.
      if (next) await this.signingKeys.publish(tx, next, now);
      await this.keys.setRevoked(tx, kid, statement, now);
      await this.signingKeys.publish(tx, (await this.keys.find(tx, kid))!, now);
      const signing = await this.keys.signing(tx);
      if (signing?.kid !== next?.kid) await this.keys.switchTo(tx, next?.kid ?? null, now);
      const begun = this.begun('revoke', kid, next?.kid ?? null, { reason: body.reason, actor, now, deadlineAt: now });
      const ended = next === null;
      const state = ended ? ('succeeded' as const) : ('reissuing' as const);
      await this.store.insert(tx, { ...begun, state, switchedAt: now, endedAt: ended ? now : null });
      await this.record(tx, begun, actor, 'signing_key.revoked');
      return (await this.store.find(tx, begun.id))!;
    });
  }

  /** One step of the open change, if there is one; called each second, by every replica. */
  async proceed(now: Date): Promise<void> {
    const open = await this.store.open(this.unitOfWork.reader);
    if (open?.state === 'waiting') await this.confirm(open.id, now);
    const present = open && (await this.store.find(this.unitOfWork.reader, open.id));
    if (present?.state === 'reissuing') await this.reissueAll(present, now);
  }

  /** Live homes of which some live instance does not hold the key. */
  async missing(tx: Tx, kid: string, now: Date): Promise<WaitingHome[]> {
    const holders = await this.keys.holders(tx, kid, new Date(now.getTime() - LIVE_MS));
    return holders.filter(({ holds }) => !holds).map(({ homeId, region }) => ({ homeId, region }));
  }

  private confirm(id: string, now: Date): Promise<void> {
    return this.unitOfWork.run(async (tx) => {
      await this.keys.lockAll(tx);
      const rotation = await this.store.find(tx, id);
      if (rotation?.state !== 'waiting' || rotation.toKid === null) return;
      const waitingFor = await this.missing(tx, rotation.toKid, now);
      // It may have ended while the homes were waited for: no home would accept what it signs.
      const isFit = keyUnfit(await this.required(tx, rotation.toKid), rotation.fromKid, now) === null;
      if (isFit && waitingFor.length === 0) return this.switch(tx, rotation, now);
      await this.store.setWaiting(tx, id, waitingFor);
      if (isFit && now < rotation.deadlineAt) return;
      await this.store.end(tx, id, 'refused', now);
      await this.record(tx, { ...rotation, waitingFor }, jobActor('key-rotation'), 'signing_key.rotation_refused');
    });
  }

  private async switch(tx: Tx, rotation: KeyRotation, now: Date): Promise<void> {
    await this.keys.switchTo(tx, rotation.toKid, now);
    await this.store.setSwitched(tx, rotation.id, now);
    await this.record(tx, rotation, jobActor('key-rotation'), 'signing_key.rotated');
    UnitOfWork.afterCommit(tx, () => faultPoint('key_rotation_after_switch'));
  }

  /** Each license in its own transaction: one that cannot be signed stops no other, and is tried again by the next run. */
  private async reissueAll(rotation: KeyRotation, now: Date): Promise<void> {
    const kid = rotation.toKid;
    if (kid === null) return;
    let failure: unknown = null;
    for (let afterId: string | null = null; ;) {
      const ids: string[] = await this.store.toReissue(this.unitOfWork.reader, kid, now, afterId, CHUNK);
      let reissued = 0;
      for (let from = 0; from < ids.length; from += PARALLEL) {
        const group = ids.slice(from, from + PARALLEL);
        const results = await Promise.allSettled(group.map((id) => this.reissueOne(id, kid, rotation.kind, now)));
        for (const result of results) {
          if (result.status === 'rejected') failure = result.reason;
          else if (result.value) reissued += 1;
        }
      }
      if (reissued > 0) await this.unitOfWork.run((tx) => this.store.countReissued(tx, rotation.id, reissued));
      if (ids.length < CHUNK) break;
      afterId = ids.at(-1) ?? null;
    }
    if (failure !== null) throw failure;
    await this.unitOfWork.run(async (tx) => {
      await this.keys.lockAll(tx);
      if ((await this.store.remaining(tx, kid, now)) > 0) return;
      if (!(await this.store.end(tx, rotation.id, 'succeeded', this.clock.now()))) return;
      if (rotation.kind === 'rotate') await this.keys.setRetired(tx, rotation.fromKid, this.clock.now());
      await this.record(tx, rotation, jobActor('key-rotation'), 'signing_key.rotation_completed');
    });
  }

  private reissueOne(deploymentId: string, kid: string, kind: string, now: Date): Promise<boolean> {
    return this.unitOfWork.run(async (tx) => {
      await this.licenses.lockHead(tx, deploymentId);
      // Another replica, or any other cause of a new version, may have been faster.
      if (!(await this.store.isToReissue(tx, deploymentId, kid, now))) return false;
      await this.issuing.issue(tx, deploymentId, kind === 'revoke' ? 'key_revoked' : 'key_rotated');
      UnitOfWork.afterCommit(tx, () => faultPoint('key_rotation_after_reissue'));
      return true;
    });
  }

  /** Null when nothing can sign and that was forced. */
  private async successor(tx: Tx, key: SigningKeyRow, body: RevokeKeyBody, now: Date): Promise<SigningKeyRow | null> {
    const signing = await this.keys.signing(tx);
    if (signing !== null && signing.kid !== key.kid) return signing;
    const keys = await this.keys.all(tx);
    const missing = new Map<string, WaitingHome[]>();
    for (const { kid } of keys) missing.set(kid, await this.missing(tx, kid, now));
    const named = body.next === undefined ? null : await this.required(tx, body.next);
    const unfit = named && keyUnfit(named, key.kid, now);
    if (unfit !== null) throw new RefusalError(LicenseIssueErrors.KEY_UNFIT({ detail: unfit }));
    const next = named ?? nextKey(keys, key.kid, (kid) => missing.get(kid)?.length ?? 0, now);
    if (next === null && body.force !== true) throw new RefusalError(LicenseIssueErrors.KEY_ONLY({ detail: key.kid }));
    const homes = next === null ? [] : (missing.get(next.kid) ?? []);
    if (homes.length > 0 && body.force !== true) {
      const detail = `${homes.length} live homes do not hold ${next?.kid}`;
      throw new RefusalError(LicenseIssueErrors.KEY_NOT_HELD({ detail, members: { homes } }));
    }
    return next;
  }

  private async required(tx: Tx, kid: string): Promise<SigningKeyRow> {
    const key = await this.keys.find(tx, kid);
    if (key) return key;
    throw new RefusalError(LicenseIssueErrors.KEY_NOT_FOUND({ detail: `There is no key "${kid.slice(0, 64)}"` }));
  }

  private begun(
    kind: KeyRotation['kind'],
    fromKid: string,
    toKid: string | null,
    of: { reason: string; actor: Actor; now: Date; deadlineAt: Date },
  ): KeyRotation {
    return {
      id: this.ids.uuid(),
      kind,
      fromKid,
      toKid,
      state: 'waiting',
      reason: of.reason,
      actor: of.actor.id,
      requestedAt: of.now,
      deadlineAt: of.deadlineAt,
      switchedAt: null,
      endedAt: null,
      reissued: 0,
      waitingFor: [],
    };
  }

  private async record(tx: Tx, rotation: KeyRotation, actor: Actor, action: string): Promise<void> {
    const { id, kind, fromKid, toKid, reason, waitingFor } = rotation;
    const object = { type: 'signing_key', id: toKid ?? fromKid };
    await this.audit.record(tx, { actor, action, object, after: { id, kind, fromKid, toKid, waitingFor }, reason });
  }
}
