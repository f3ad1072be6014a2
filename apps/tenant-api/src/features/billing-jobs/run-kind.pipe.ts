import { Injectable, type PipeTransform } from '@nestjs/common';
import { RefusalError } from '@biplane/kernel';
import { invalid } from '@biplane/service-kit';
import { RUN_KINDS, type RunKind } from './domain/schedule.js';

@Injectable()
export class RunKindPipe implements PipeTransform<string, RunKind> {
  transform(value: string): RunKind {
    const kind = RUN_KINDS.find((known) => known === value);
    if (kind !== undefined) return kind;
    const detail = `kind must be one of ${RUN_KINDS.join(', ')}`;
    throw new RefusalError(invalid([{ pointer: '/path/kind', code: 'ENUM', detail }]));
  }
}
