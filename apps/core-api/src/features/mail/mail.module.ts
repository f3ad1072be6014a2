import { Module } from '@nestjs/common';
import { ENVIRONMENT, type CoreEnvironment } from '../../environment.js';
import { MailController } from './mail.controller.js';
import { MailOutbox } from './mail-outbox.js';
import { MailSending } from './mail-sending.job.js';
import { MailStore } from './mail.store.js';
import { MAILER } from './mailer.js';
import { MAIL_FROM, mailerOf, mailFromOf } from './mailer-of.js';

@Module({
  controllers: [MailController],
  providers: [
    MailOutbox,
    MailStore,
    MailSending,
    { provide: MAILER, inject: [ENVIRONMENT], useFactory: (env: CoreEnvironment) => mailerOf(env) },
    { provide: MAIL_FROM, inject: [ENVIRONMENT], useFactory: (env: CoreEnvironment) => mailFromOf(env) },
  ],
  exports: [MailOutbox],
})
export class MailModule {}
