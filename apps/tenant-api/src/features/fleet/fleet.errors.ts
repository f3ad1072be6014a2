import { declareErrors } from '@biplane/kernel';

export const FleetErrors = declareErrors('FLEET', {
  RUN_UNKNOWN: {
    status: 404,
    title: 'There is no such run',
    help: 'GET /internal/fleet/runs lists them.',
  },
  RUN_OPEN: {
    status: 409,
    title: 'Another run is open',
    help: 'It migrates to another schema or by other settings. Let it end, or cancel it; GET /internal/fleet/runs shows it.',
  },
  RUN_ENDED: {
    status: 409,
    title: 'The run is not in a state for this',
    help: 'GET /internal/fleet/runs/{id} shows its state. A run that has ended is followed by a new one.',
  },
});
