import { describe, expect, it } from '@jest/globals';
import { clusterNeeds, judgeStep, startOf, type Evidence } from './steps.js';

const nothing: Evidence = { databaseState: 'creating', reason: null, adminBootstrapped: false };
const everything: Evidence = { databaseState: 'ready', reason: null, adminBootstrapped: true };

describe('the steps of provisioning', () => {
  it('waits for the database of a shared deployment, with a deadline', () => {
    expect(startOf('shared')).toEqual({
      steps: ['recorded', 'license_issued', 'database_ready', 'admin_ready', 'ready'],
      done: 2,
      isUnlimited: false,
    });
  });

  it('waits at cluster_applied with the reason NO_CLUSTER and no deadline for a dedicated one', () => {
    const { steps, done, reason, isUnlimited } = startOf('container_per_tenant');
    expect([steps[done], reason, isUnlimited]).toEqual(['cluster_applied', 'NO_CLUSTER', true]);
  });

  it('says what the home still has to do', () => {
    expect(judgeStep('cluster_applied', nothing)).toBe('done');
    expect(judgeStep('database_ready', nothing)).toEqual({ waitsFor: 'the database is creating' });
    const broken: Evidence = { ...nothing, databaseState: 'failed', reason: 'disk full' };
    expect(judgeStep('database_ready', broken)).toEqual({ waitsFor: 'disk full' });
    expect(judgeStep('ready', { ...everything, adminBootstrapped: false })).toEqual({
      waitsFor: 'the admin is not bootstrapped yet',
    });
    expect(['database_ready', 'admin_ready', 'ready'].map((step) => judgeStep(step, everything))).toEqual([
      'done',
      'done',
      'done',
    ]);
  });

  it('the cluster did its part when it took every object and the pods answer', () => {
    const [applied, available] = [
      { type: 'Applied', status: true, reason: 'APPLIED' },
      { type: 'Available', status: true, reason: 'AVAILABLE' },
    ];
    expect(clusterNeeds([applied, available])).toBeNull();
    expect(clusterNeeds([applied, { ...available, status: false, reason: 'IMAGE_PULL' }])).toBe('IMAGE_PULL');
    expect(clusterNeeds([available, { ...applied, status: false, reason: 'FORBIDDEN' }])).toBe('FORBIDDEN');
    expect(clusterNeeds([applied])).toBe('NOT_APPLIED');
  });
});
