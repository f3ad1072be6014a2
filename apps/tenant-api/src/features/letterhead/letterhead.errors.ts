import { declareErrors } from '@biplane/kernel';

export const LetterheadErrors = declareErrors('LETTERHEAD', {
  NONE: {
    status: 404,
    title: 'There is no letterhead yet',
    help: 'An admin of the tenant gives one with PUT /api/v1/letterhead; until then statements name no sender and are not mailed.',
  },
  LOGO_REFUSED: {
    status: 422,
    title: 'The logo is not taken',
    help: 'PNG without interlacing, or JPEG in gray or RGB: at most 256 KiB, 2,000 pixels a side and 500,000 in all. `reason` says what is wrong.',
  },
  CHANGED: {
    status: 409,
    title: 'The letterhead was changed at the same time',
    help: 'Read it again with GET /api/v1/letterhead and decide anew.',
  },
});
