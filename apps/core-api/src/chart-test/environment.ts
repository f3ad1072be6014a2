import { variable } from '@biplane/service-kit';

/** What `helm test` reads. */
export const chartTestEnvironmentSpec = {
  CORE_API_URL: variable.url({
    help: 'Address of core-api',
    protocols: ['http', 'https'],
    example: 'http://biplane-core-api:80',
  }),
  CLIENT_ID: variable.text({ help: 'API client with platform:admin', example: 'helm-test' }),
  CLIENT_SECRET: variable.text({ help: 'Its secret', secret: true, example: 'change-me' }),
  REGIONS: variable.list({ help: 'Regions whose homes are tried', example: 'eu-1,us-1' }),
  PROBE_PLAN: variable.text({
    help: 'Published plan of the probe tenants: one that costs nothing (helmTest.plan of the chart)',
    pattern: /^[a-z](?:_?[a-z0-9]){0,62}$/,
    example: 'probe',
  }),
  PROBE_SLUG: variable.text({
    help: 'Beginning of the slugs of the probe tenants; the region follows',
    pattern: /^[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?$/,
    example: 'biplane-probe',
  }),
  TIMEOUT_SECONDS: variable.integer({ help: 'For all regions together', min: 10, max: 3_600, example: '120' }),
} as const;
