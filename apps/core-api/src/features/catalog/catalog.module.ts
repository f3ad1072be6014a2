import { Module } from '@nestjs/common';
import { CatalogController } from './catalog.controller.js';
import { CatalogService } from './catalog.service.js';
import { CatalogStore } from './catalog.store.js';
import { PlansController } from './plans.controller.js';
import { PlansService } from './plans.service.js';
import { PlansStore } from './plans.store.js';

@Module({
  controllers: [CatalogController, PlansController],
  providers: [CatalogService, PlansService, CatalogStore, PlansStore],
  exports: [CatalogService, PlansService],
})
export class CatalogModule {}
