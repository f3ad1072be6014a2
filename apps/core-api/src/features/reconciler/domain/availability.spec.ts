import { describe, expect, it } from '@jest/globals';
import { availability, type PodStatus, type WorkloadStatus } from './availability.js';

const condition = (type: string, status: string, reason = '', message = '') => ({ type, status, reason, message });
const up: WorkloadStatus = {
  generation: 2,
  observedGeneration: 2,
  replicas: 1,
  updatedReplicas: 1,
  availableReplicas: 1,
  conditions: [condition('Available', 'True')],
};
const rolling: WorkloadStatus = {
  ...up,
  updatedReplicas: 0,
  availableReplicas: 0,
  conditions: [condition('Available', 'False')],
};
const pod = (changes: Partial<PodStatus>): PodStatus => ({ name: 'p', conditions: [], waiting: [], ...changes });
const waiting = (reason: string) => pod({ waiting: [{ reason, message: 'said the node' }] });
const failing = (message: string) => ({
  ...rolling,
  conditions: [condition('ReplicaFailure', 'True', 'FailedCreate', message)],
});

describe('whether a home is available', () => {
  it('is so when every replica of the newest generation answers', () => {
    expect(availability('running', up, [])).toMatchObject({ status: true, reason: 'AVAILABLE' });
    expect(availability('running', { ...up, generation: 3 }, [])).toMatchObject({ reason: 'ROLLING_OUT' });
    expect(availability('running', null, [])).toMatchObject({ status: false, reason: 'NOT_APPLIED' });
  });

  it.each([
    ['an image that never pulls', rolling, [waiting('ImagePullBackOff')], 'IMAGE_PULL'],
    ['a name that is no image', rolling, [waiting('InvalidImageName')], 'IMAGE_PULL'],
    ['a crash loop', rolling, [waiting('CrashLoopBackOff')], 'CRASH_LOOP'],
    ['a secret that is not there', rolling, [waiting('CreateContainerConfigError')], 'CONTAINER_CONFIG'],
    [
      'no node with room',
      rolling,
      [pod({ conditions: [condition('PodScheduled', 'False', 'Unschedulable')] })],
      'UNSCHEDULABLE',
    ],
    ['a quota that is used up', failing('pods "x" is forbidden: exceeded quota: home'), [], 'QUOTA_EXCEEDED'],
    [
      'what Pod Security refuses',
      failing('pods "x" is forbidden: violates PodSecurity "restricted"'),
      [],
      'POD_SECURITY',
    ],
    ['any other refusal', failing('no'), [], 'POD_REFUSED'],
    ['a rollout past its time', { ...rolling, conditions: [condition('Progressing', 'False')] }, [], 'ROLLOUT_OVERDUE'],
  ])('E25: %s has its own reason', (_what, workload, pods, reason) => {
    expect(availability('running', workload, pods)).toMatchObject({ status: false, reason });
  });

  it('serves on while a new image does not come up, and says why', () => {
    const half = { ...up, replicas: 1, updatedReplicas: 1, availableReplicas: 1, generation: 3 };
    expect(availability('running', half, [waiting('ErrImagePull')])).toMatchObject({
      status: true,
      reason: 'IMAGE_PULL',
    });
  });

  it('is stopped when no pod is left, not when it was asked', () => {
    const stopped = { ...up, replicas: 0, updatedReplicas: 0, availableReplicas: 0 };
    expect(availability('stopped', stopped, [pod({})])).toMatchObject({ reason: 'STOPPING' });
    expect(availability('stopped', { ...stopped, generation: 9 }, [])).toMatchObject({ reason: 'STOPPING' });
    expect(availability('stopped', stopped, [])).toMatchObject({ status: false, reason: 'STOPPED' });
  });
});
