import { applyDecorators } from '@nestjs/common';
import { IsString, MaxLength, MinLength } from 'class-validator';

const REASON_MAX = 500;

/** Why somebody asks for it: stands in the audit log, and on what is told to others. */
export const IsReason = (lengthMax = REASON_MAX): PropertyDecorator =>
  // The innermost first, as if they stood above the property.
  applyDecorators(MaxLength(lengthMax), MinLength(1), IsString());
