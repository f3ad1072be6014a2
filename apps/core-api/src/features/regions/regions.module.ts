import { Module } from '@nestjs/common';
import { RegionsController } from './regions.controller.js';
import { RegionsService } from './regions.service.js';
import { RegionsStore } from './regions.store.js';

@Module({ controllers: [RegionsController], providers: [RegionsService, RegionsStore], exports: [RegionsService] })
export class RegionsModule {}
