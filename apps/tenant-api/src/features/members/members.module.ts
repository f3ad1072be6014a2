import { Module } from '@nestjs/common';
import { ImportsModule } from '../imports/index.js';
import { MembersExportController, MembersImportController } from './member-files.controller.js';
import { MembersImport } from './members-import.service.js';
import { MemberAdministrationController, MembersController } from './members.controller.js';
import { MembersService } from './members.service.js';

@Module({
  imports: [ImportsModule],
  controllers: [MembersController, MemberAdministrationController, MembersImportController, MembersExportController],
  providers: [MembersService, MembersImport],
  exports: [MembersService],
})
export class MembersModule {}
