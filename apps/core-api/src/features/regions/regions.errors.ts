import { declareErrors } from '@biplane/kernel';

export const RegionErrors = declareErrors('REGION', {
  NOT_CONFIGURED: {
    status: 422,
    title: 'The region is not configured',
    help: 'A region needs topics, access rules and homes of its own: add it to REGIONS of core-api first, then describe it here.',
  },
  NOT_FOUND: {
    status: 404,
    title: 'There is no such region',
    help: 'Describe it with PUT /regions/{code}; the detail names those that are configured.',
  },
  UNKNOWN: {
    status: 422,
    title: 'The region is not known',
    help: 'Name a region that GET /regions lists.',
  },
  HOME_ELSEWHERE: {
    status: 422,
    title: 'The home belongs to another region',
    help: 'A home never changes its region. Give the pool a home of this region.',
  },
});
