export { EnrollmentModule } from './enrollment.module.js';
export type { EnrollmentAnswer, EnrolledClient } from './enrollment.dto.js';
export { REGION_PARTS, type RegionParts } from './enrollment.ports.js';
export { RedisHomes } from './redis-homes.js';
export { RegionHomes, type HomeAccess } from './region-homes.js';
export { enroll, type EnrollmentPatience, type EnrollmentPlace } from './enrollment-client.js';
export { HomeEnrollment, prepareHomeDatabase } from './home-enrollment.js';
export { openWaitingRoom } from './waiting-room.js';
