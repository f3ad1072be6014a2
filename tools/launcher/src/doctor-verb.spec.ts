import { describe, expect, it } from '@jest/globals';
import { examine, supportedNode } from './doctor-verb.js';
import { stackName } from './repository.js';

describe('doctor', () => {
  it.each([
    ['20.19.0', true],
    ['20.18.9', false],
    ['18.20.0', false],
    ['24.0.0', true],
  ])('takes Node %s: %p', (version, supported) => {
    expect(supportedNode(version)).toBe(supported);
  });

  it('says how to get what is missing', async () => {
    const findings = await examine({ PATH: '/nowhere' });
    expect(findings.find(({ name }) => name === 'java')).toMatchObject({
      good: false,
      detail: expect.stringMatching(/apt-get install .*KAFKA_BROKERS/),
    });
  });

  it('asks for no broker when one is given', async () => {
    const findings = await examine({ PATH: '/nowhere', KAFKA_BROKERS: 'broker:9092' });
    expect(findings.find(({ name }) => name === 'java')).toMatchObject({ good: true });
  });
});

describe('the kept data of a clone', () => {
  it('is another for another clone of the same name', () => {
    expect(stackName('/a/biplane')).not.toBe(stackName('/b/biplane'));
    expect(stackName('/a/my clone')).toMatch(/^my-clone-[0-9a-f]{12}$/);
  });
});
