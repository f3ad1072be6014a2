import { declareErrors } from '@biplane/kernel';

export const WebhookErrors = declareErrors('WEBHOOK', {
  ENDPOINT_NOT_FOUND: {
    status: 404,
    title: 'There is no such webhook endpoint',
    help: 'GET /webhooks/endpoints lists those that you may see.',
  },
  DELIVERY_NOT_FOUND: {
    status: 404,
    title: 'There is no such delivery',
    help: 'GET /webhooks/deliveries lists those that you may see; they are kept for 30 days.',
  },
  URL_REFUSED: {
    status: 422,
    title: 'This address is not called',
    help: 'Send an https URL of a public host, without credentials and fragment, at port 443 or one from 1024 on.',
  },
  TOO_MANY_ENDPOINTS: {
    status: 422,
    title: 'There are as many endpoints as there may be',
    help: 'Delete one that is not needed.',
  },
  ENDPOINT_DISABLED: {
    status: 422,
    title: 'The endpoint is disabled',
    help: 'POST /webhooks/endpoints/{id}/enable first.',
  },
});
