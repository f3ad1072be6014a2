import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { MembersService } from '../members/index.js';
import { AccountItems } from './items.service.js';

/** A member that is erased is charged for nothing from then on; what it owed stays, under its id. */
@Injectable()
export class ErasedMembers implements OnModuleInit {
  constructor(
    @Inject(MembersService) private readonly members: MembersService,
    @Inject(AccountItems) private readonly items: AccountItems,
  ) {}

  onModuleInit(): void {
    this.members.onErase((tx, memberId) => this.items.endAllOf(tx, memberId));
  }
}
