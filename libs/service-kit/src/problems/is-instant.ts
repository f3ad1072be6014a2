import { isRfc3339 } from '@biplane/contracts';
import { ValidateBy, type ValidationOptions } from 'class-validator';

const YEARS = { first: 1, last: 9999 };

/** RFC 3339 of a day that there is, and in UTC of the years 1 to 9999: before and after them PostgreSQL and RFC 3339 have no such texts. */
export function isInstant(value: unknown): boolean {
  if (typeof value !== 'string' || !isRfc3339(value)) return false;
  const year = new Date(value).getUTCFullYear();
  return year >= YEARS.first && year <= YEARS.last;
}

/** Of a body or a query: what passes can be made a Date, stored, and told again. */
export const IsInstant = (options?: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isInstant',
      validator: {
        validate: isInstant,
        defaultMessage: (given) => `${given?.property ?? 'it'} must be an RFC 3339 instant`,
      },
    },
    options,
  );
