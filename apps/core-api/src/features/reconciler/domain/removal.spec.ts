import { describe, expect, it } from '@jest/globals';
import { backOffMs, waitMs } from './pauses.js';
import { refusedCondition } from './refusals.js';
import { removalCondition, removalStep, REMOVAL_MS_MAX, WORKLOAD_MS_MAX } from './removal.js';

const namespace = { isTerminating: false, heldBy: '' };

describe('removing a home', () => {
  it('ends the workload, then deletes the namespace, and waits until it is gone', () => {
    expect(removalStep({ namespace, hasWorkload: true }, 0)).toBe('end_workload');
    expect(removalStep({ namespace, hasWorkload: false }, 0)).toBe('delete_namespace');
    expect(removalStep({ namespace: { ...namespace, isTerminating: true }, hasWorkload: true }, 0)).toBe('wait');
    expect(removalStep({ namespace: null, hasWorkload: false }, 0)).toBe('gone');
  });

  it('leaves a workload that does not end to the end of its namespace', () => {
    expect(removalStep({ namespace, hasWorkload: true }, WORKLOAD_MS_MAX)).toBe('delete_namespace');
  });

  it('E26: tells after its deadline who holds the namespace', () => {
    const held = { namespace: { isTerminating: true, heldBy: 'example.com/hold' }, hasWorkload: false };
    expect(removalCondition('wait', held, REMOVAL_MS_MAX - 1)).toMatchObject({ reason: 'NAMESPACE_TERMINATING' });
    expect(removalCondition('wait', held, REMOVAL_MS_MAX)).toMatchObject({
      status: false,
      reason: 'REMOVAL_STUCK',
      message: 'example.com/hold',
    });
  });
});

describe('what a refusal means', () => {
  it.each([
    ['forbidden', 'patch ingresses', 'FORBIDDEN'],
    ['forbidden', 'exceeded quota: home', 'QUOTA_EXCEEDED'],
    ['forbidden', 'violates PodSecurity', 'POD_SECURITY'],
    ['timeout', 'no answer', 'CLUSTER_UNREACHABLE'],
    ['unavailable', '503', 'CLUSTER_UNREACHABLE'],
    ['throttled', '429', 'THROTTLED'],
    ['something new', 'of tomorrow', 'INVALID'],
  ])('%s (%s) is %s', (reason, message, code) => {
    expect(refusedCondition('Applied', { reason, message }, []).reason).toBe(code);
  });

  it('E28: names the rights that are missing', () => {
    const told = refusedCondition('Applied', { reason: 'forbidden', message: 'no' }, ['patch secrets']);
    expect(told.message).toBe('missing rights: patch secrets; no');
  });
});

describe('pauses', () => {
  it('double after each failure, up to a minute, half of each by chance', () => {
    expect([1, 2, 3, 20].map((attempt) => backOffMs(attempt, 0))).toEqual([500, 1_000, 2_000, 30_000]);
    expect([1, 20].map((attempt) => backOffMs(attempt, 1))).toEqual([1_000, 60_000]);
  });

  it('while something is awaited they grow with how long it has lasted', () => {
    expect([0, 8_000, 3_600_000].map(waitMs)).toEqual([1_000, 2_000, 60_000]);
  });
});
