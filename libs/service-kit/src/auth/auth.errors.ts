import { declareErrors } from '@biplane/kernel';

export const AuthErrors = declareErrors('AUTH', {
  TOKEN_MISSING: {
    status: 401,
    title: 'An access token is needed',
    help: 'Get one from POST /oauth/token of this service and send it as `Authorization: Bearer <token>`.',
  },
  TOKEN_INVALID: {
    status: 401,
    title: 'The access token is not valid here',
    help: 'Tokens expire, and those of the other plane or another home are refused: get one from this service.',
  },
  SCOPE_MISSING: {
    status: 403,
    title: 'The access token lacks the scope',
    help: 'Use a client that holds one of the scopes in `needed`; docs/reference/scopes lists them by route.',
  },
  CLIENT_INVALID: {
    status: 401,
    title: 'The client is not known, or its secret is wrong',
    help: 'Send client id and secret as HTTP Basic; clients stand in CLIENTS_FILE.',
  },
  GRANT_UNSUPPORTED: {
    status: 400,
    title: 'The grant type is not supported',
    help: 'Send grant_type=client_credentials.',
  },
  SCOPE_INVALID: {
    status: 400,
    title: 'The client does not hold the requested scope',
    help: 'Ask for scopes that the client holds, or for none to get all of them.',
  },
});
