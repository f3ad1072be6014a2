import { Module } from '@nestjs/common';
import { BillingSettingsController } from './billing-settings.controller.js';
import { BillingSettings } from './billing-settings.service.js';
import { BillingSettingsStore } from './billing-settings.store.js';

@Module({
  controllers: [BillingSettingsController],
  providers: [BillingSettings, BillingSettingsStore],
  exports: [BillingSettings],
})
export class BillingSettingsModule {}
