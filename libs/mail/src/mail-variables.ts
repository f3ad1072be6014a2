import { variable } from '@biplane/service-kit';

/** What a process that sends mail reads: all of it optional, and none of it without MAIL_URL. */
export const mailVariables = {
  MAIL_URL: variable.optional(
    variable.url({
      help: 'Where mail goes: smtp:// with STARTTLS, smtps://, ?tls=none on the loopback, or file:/// for a folder; unset: none is sent',
      protocols: ['smtp', 'smtps', 'file'],
      example: 'smtp://mail.internal:587',
    }),
  ),
  MAIL_FROM: variable.optional(
    variable.text({ help: 'Address that mail comes from; needed with MAIL_URL', example: 'billing@biplane.example' }),
  ),
  MAIL_CREDENTIALS_FILE: variable.optional(
    variable.text({ help: 'JSON file of MAIL_URL: username, password', example: '/run/secrets/mail.json' }),
  ),
  MAIL_CA_FILE: variable.optional(
    variable.text({
      help: 'PEM of who certifies the mail server, in place of the public ones',
      example: '/etc/mail-ca.pem',
    }),
  ),
} as const;
