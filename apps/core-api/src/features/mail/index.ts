export { MailModule } from './mail.module.js';
export { MailOutbox, type Mail } from './mail-outbox.js';
