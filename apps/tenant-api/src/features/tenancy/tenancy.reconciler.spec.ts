import { describe, expect, it } from '@jest/globals';
import { declareErrors, RefusalError } from '@biplane/kernel';
import type { JobRunner, UnitOfWork } from '@biplane/service-kit';
import type { TenantLicenseService } from '../license/index.js';
import { TenancyReconciler } from './tenancy.reconciler.js';
import type { TenancyService } from './tenancy.service.js';
import type { TenantServer } from './tenant-server.js';

const Errors = declareErrors('SPEC', { RECORDED: { status: 503, title: 'Its row says when to try again', help: '-' } });
const NOTHING_DUE = { reader: {} } as UnitOfWork;

/** The reconciler over a tenancy that fails as told. */
function reconcilerOf(failures: Error[]) {
  const tried: string[] = [];
  let announce: (ids: readonly string[]) => void = () => undefined;
  const licenses = { onChange: (listener: typeof announce) => (announce = listener), ownLicenseOf: () => undefined };
  const tenancy = {
    reconcile: (deploymentId: string) => {
      tried.push(deploymentId);
      const failure = failures.shift();
      return failure ? Promise.reject(failure) : Promise.resolve();
    },
  };
  const reconciler = new TenancyReconciler(
    tenancy as unknown as TenancyService,
    licenses as unknown as TenantLicenseService,
    {} as TenantServer,
    NOTHING_DUE,
    { register: () => undefined } as unknown as JobRunner,
  );
  return { reconciler, tried, announce: (id: string) => announce([id]) };
}

describe('TenancyReconciler', () => {
  it('a deployment that failed before its row could say so is tried again, one whose row says when is not', async () => {
    const { reconciler, tried, announce } = reconcilerOf([
      new Error('the home database is away'),
      new RefusalError(Errors.RECORDED({ detail: '-' })),
    ]);
    announce('one');
    await reconciler.drain();
    expect(tried).toEqual(['one']);
    await reconciler.lookAgain([]);
    expect(tried).toEqual(['one', 'one']);
    await reconciler.lookAgain([]);
    expect(tried).toEqual(['one', 'one']);
  });
});
