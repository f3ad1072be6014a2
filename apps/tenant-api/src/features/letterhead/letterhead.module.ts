import { Module } from '@nestjs/common';
import { LetterheadAdministrationController, LetterheadController } from './letterhead.controller.js';
import { Letterheads } from './letterheads.service.js';

@Module({
  controllers: [LetterheadController, LetterheadAdministrationController],
  providers: [Letterheads],
  exports: [Letterheads],
})
export class LetterheadModule {}
