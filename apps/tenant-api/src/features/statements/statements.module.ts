import { Module } from '@nestjs/common';
import { Papers } from '@biplane/invoice-pdf';
import { MAIL_FROM, MailDelivery, MAILER, mailerOf, mailFromOf, type MailSettings } from '@biplane/mail';
import { MAIL_SETTINGS } from '../../environment.js';
import { BillingJobsModule } from '../billing-jobs/index.js';
import { FinancialsModule } from '../financials/index.js';
import { LetterheadModule } from '../letterhead/index.js';
import { MembersModule } from '../members/index.js';
import { VisitsModule } from '../visits/index.js';
import { StatementMails } from './statement-mails.service.js';
import { StatementPapers } from './statement-papers.service.js';
import { StatementRuns } from './statement-runs.service.js';
import {
  MyStatementsController,
  StatementAdministrationController,
  StatementsController,
} from './statements.controller.js';
import { Statements } from './statements.service.js';

@Module({
  imports: [BillingJobsModule, FinancialsModule, LetterheadModule, MembersModule, VisitsModule],
  controllers: [StatementsController, StatementAdministrationController, MyStatementsController],
  providers: [
    StatementRuns,
    Statements,
    StatementPapers,
    Papers,
    StatementMails,
    MailDelivery,
    { provide: MAILER, inject: [MAIL_SETTINGS], useFactory: (settings: MailSettings | null) => mailerOf(settings) },
    {
      provide: MAIL_FROM,
      inject: [MAIL_SETTINGS],
      useFactory: (settings: MailSettings | null) => mailFromOf(settings),
    },
  ],
})
export class StatementsModule {}
