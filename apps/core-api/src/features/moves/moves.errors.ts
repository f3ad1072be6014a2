import { declareErrors } from '@biplane/kernel';

export const MoveErrors = declareErrors('MOVE', {
  REFUSED: {
    status: 422,
    title: 'The deployment cannot be moved there',
    help: '`reasons` says why. A deployment is moved while it is served and nothing else moves or retires it.',
  },
  NOT_RUNNING: {
    status: 422,
    title: 'The deployment is not being moved',
    help: 'GET /deployments/{id}/moves shows what became of its moves.',
  },
  PAST_FLIP: {
    status: 422,
    title: 'The move can no longer be undone',
    help: 'The new home was named already: the move goes on by itself. Move it back once it has ended.',
  },
  UNDONE: {
    status: 422,
    title: 'The move was undone',
    help: 'A move that failed before its flip was undone and is not carried on: ask for a new one.',
  },
});
