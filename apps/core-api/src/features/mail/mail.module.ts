import { Module } from '@nestjs/common';
import { MAIL_FROM, MailDelivery, MAILER, mailerOf, mailFromOf, readMailSettings } from '@biplane/mail';
import { ENVIRONMENT, type CoreEnvironment } from '../../environment.js';
import { MailController } from './mail.controller.js';
import { MailOutbox } from './mail-outbox.js';
import { MailSending } from './mail-sending.job.js';
import { MailStore } from './mail.store.js';

@Module({
  controllers: [MailController],
  providers: [
    MailOutbox,
    MailStore,
    MailSending,
    MailDelivery,
    { provide: MAILER, inject: [ENVIRONMENT], useFactory: (env: CoreEnvironment) => mailerOf(readMailSettings(env)) },
    {
      provide: MAIL_FROM,
      inject: [ENVIRONMENT],
      useFactory: (env: CoreEnvironment) => mailFromOf(readMailSettings(env)),
    },
  ],
  exports: [MailOutbox],
})
export class MailModule {}
