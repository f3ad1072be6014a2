import { Module } from '@nestjs/common';
import { MyEntitlementsController } from './entitlements.controller.js';
import { MyAccountController } from './my-account.controller.js';

@Module({ controllers: [MyAccountController, MyEntitlementsController] })
export class SubscriptionModule {}
