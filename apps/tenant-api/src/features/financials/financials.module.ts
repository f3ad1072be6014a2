import { Module } from '@nestjs/common';
import { ImportsModule } from '../imports/index.js';
import { MembersModule } from '../members/index.js';
import { AccountsController, BookingController } from './accounts.controller.js';
import { ErasedMembers } from './erased-members.service.js';
import { FinancialService } from './financial.service.js';
import { ItemCharging } from './item-charging.service.js';
import { ItemExportController, ItemImportController } from './item-files.controller.js';
import { ItemAdministrationController, ItemsController } from './items.controller.js';
import { ItemsImport } from './items-import.service.js';
import { AccountItems } from './items.service.js';
import { SkippedPeriodDecisionsController, SkippedPeriodsController } from './skipped-periods.controller.js';

@Module({
  imports: [ImportsModule, MembersModule],
  controllers: [
    AccountsController,
    BookingController,
    ItemsController,
    ItemAdministrationController,
    ItemImportController,
    ItemExportController,
    SkippedPeriodsController,
    SkippedPeriodDecisionsController,
  ],
  providers: [FinancialService, AccountItems, ItemCharging, ItemsImport, ErasedMembers],
  exports: [FinancialService, AccountItems, ItemCharging],
})
export class FinancialsModule {}
