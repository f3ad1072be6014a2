import type { MailSettings } from '@biplane/mail';
import type { EnrolledClient } from './enrollment.dto.js';

/** What a region's pool shares with the dedicated homes of its region. */
export interface RegionParts {
  readonly kafka: { readonly username: string; readonly password: string };
  readonly redisUrl: string;
  /** Read at each enrollment, as its files are then; null where no mail is sent. */
  mail(): MailSettings | null;
  /** Read at each enrollment: clients are changed while the service runs. */
  clients(): Iterable<EnrolledClient>;
}
export const REGION_PARTS = Symbol('REGION_PARTS');
