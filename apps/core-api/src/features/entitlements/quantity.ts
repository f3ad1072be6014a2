import { applyDecorators } from '@nestjs/common';
import { IsString, Matches } from 'class-validator';

const QUANTITY = /^(?=(?:[0-9]\.?){1,30}$)(?:0|[1-9][0-9]*)(?:\.[0-9]{1,12})?$/;

/** A decimal string as usage has it: not negative, at most 30 digits, 12 of them decimals. */
export const IsQuantity = (): PropertyDecorator =>
  applyDecorators(
    IsString(),
    Matches(QUANTITY, {
      message: '$property must be a decimal string, not negative, of at most 30 digits, 12 of them decimals',
    }),
  );
