export { MemberErrors } from './members.errors.js';
export { MembersModule } from './members.module.js';
export { MembersService, type NewMember } from './members.service.js';
