import { describe, expect, it } from '@jest/globals';
import { reportFault } from './judge-report.js';

const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const [home, otherHome] = ['01890a5d-ac96-774b-bcce-b302099a8058', '01890a5d-ac96-774b-bcce-b302099a8059'];
const report = {
  deploymentId: id,
  homeId: home,
  epoch: 1,
  licenseVersion: 3,
  databaseName: `tenant_${id.replaceAll('-', '')}`,
};
const context = {
  key: id,
  topicRegion: 'eu-1',
  deployment: { id, region: 'eu-1', placements: [{ homeId: home, epoch: 1 }] },
  issuedVersion: 3,
};

describe('judging a report of a home', () => {
  it('accepts what the placed home says of a version that was issued', () => {
    expect(reportFault(report, context)).toBeNull();
  });

  it.each([
    ['KEY_MISMATCH', report, { ...context, key: otherHome }],
    ['DEPLOYMENT_UNKNOWN', report, { ...context, deployment: null }],
    ['REGION_MISMATCH', report, { ...context, topicRegion: 'us-1' }],
    ['HOME_NOT_PLACED', { ...report, homeId: otherHome }, context],
    ['HOME_NOT_PLACED', { ...report, epoch: 2 }, context],
    ['VERSION_NEVER_ISSUED', { ...report, licenseVersion: 4 }, context],
    ['DATABASE_NAME', { ...report, databaseName: 'tenant_0' }, context],
  ])('F1: refuses with %s what does not agree with what core-api decided', (fault, said, decided) => {
    expect(reportFault(said, decided)).toBe(fault);
  });
});
