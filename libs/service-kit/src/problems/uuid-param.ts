import { Param, type PipeTransform } from '@nestjs/common';
import { isUuid, RefusalError } from '@biplane/kernel';
import { invalid } from './validation.pipe.js';

class UuidPipe implements PipeTransform<unknown, string> {
  constructor(private readonly name: string) {}

  transform(value: unknown): string {
    const text = typeof value === 'string' ? value.toLowerCase() : '';
    if (isUuid(text)) return text;
    throw new RefusalError(
      invalid([{ pointer: `/path/${this.name}`, code: 'UUID', detail: `${this.name} must be a UUID` }]),
    );
  }
}

/** A path parameter that is a UUID: `@UuidParam('id') id: string`; another text is 400 before any store sees it. */
export function UuidParam(name: string): ParameterDecorator {
  return Param(name, new UuidPipe(name));
}
