/**
 * A path that a source of the product names, and where it lives here; `:name` stands for a segment. Each row is a test; a
 * later part adds its own.
 */
export interface SourcePath {
  /** S0 data plane, S1 platform subscription, S2 deployments and roll-up, S3 billing module, S4 module billing. */
  readonly source: 'S0' | 'S1' | 'S2' | 'S3' | 'S4';
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly ours: string;
  readonly service: 'core-api' | 'tenant-api';
}

export const sourcePaths: readonly SourcePath[] = [
  ...ofTenantApi([
    { source: 'S0', method: 'POST', path: '/internal/database/initialize', ours: '/internal/database/initialize' },
  ]),
  ...ofCoreApi([
    { source: 'S1', method: 'GET', path: '/subscription/plans', ours: '/api/v1/subscription/plans' },
    { source: 'S1', method: 'POST', path: '/subscription/plans', ours: '/api/v1/subscription/plans' },
    { source: 'S1', method: 'POST', path: '/subscription/usage', ours: '/api/v1/subscription/usage' },
    { source: 'S1', method: 'GET', path: '/subscription/usage/:tenant', ours: '/api/v1/subscription/usage/:tenant' },
    { source: 'S1', method: 'POST', path: '/subscription/check', ours: '/api/v1/subscription/check' },
    {
      source: 'S1',
      method: 'POST',
      path: '/subscription/enforcement/violation',
      ours: '/api/v1/subscription/enforcement/violation',
    },
    { source: 'S1', method: 'GET', path: '/subscription/violations', ours: '/api/v1/subscription/violations' },
    { source: 'S2', method: 'GET', path: '/api/v1/deployments', ours: '/api/v1/deployments' },
    { source: 'S2', method: 'POST', path: '/api/v1/deployments', ours: '/api/v1/deployments' },
    { source: 'S2', method: 'GET', path: '/api/v1/deployments/:id', ours: '/api/v1/deployments/:id' },
    {
      source: 'S2',
      method: 'POST',
      path: '/api/v1/deployments/:id/transition',
      ours: '/api/v1/deployments/:id/transition',
    },
    {
      source: 'S2',
      method: 'POST',
      path: '/api/v1/deployments/:id/subscribe',
      ours: '/api/v1/deployments/:id/subscribe',
    },
    { source: 'S2', method: 'POST', path: '/api/v1/deployments/:id/addons', ours: '/api/v1/deployments/:id/addons' },
    { source: 'S2', method: 'GET', path: '/api/v1/invoices', ours: '/api/v1/billing/invoices' },
    { source: 'S2', method: 'POST', path: '/api/v1/invoices', ours: '/api/v1/billing/invoices' },
    { source: 'S3', method: 'GET', path: '/api/billing/subscriptions', ours: '/api/v1/billing/subscriptions' },
    { source: 'S3', method: 'POST', path: '/api/billing/subscriptions', ours: '/api/v1/billing/subscriptions' },
    {
      source: 'S3',
      method: 'GET',
      path: '/api/billing/subscriptions/:id',
      ours: '/api/v1/billing/subscriptions/:id',
    },
    { source: 'S3', method: 'GET', path: '/api/billing/plans', ours: '/api/v1/subscription/plans' },
    { source: 'S3', method: 'POST', path: '/api/billing/usage', ours: '/api/v1/subscription/usage' },
    { source: 'S3', method: 'GET', path: '/api/billing/invoices', ours: '/api/v1/billing/invoices' },
    { source: 'S3', method: 'POST', path: '/api/billing/invoices', ours: '/api/v1/billing/invoices' },
    { source: 'S3', method: 'GET', path: '/api/billing/quota', ours: '/api/v1/billing/quota' },
    {
      source: 'S4',
      method: 'POST',
      path: '/api/admin/billing/backfill',
      ours: '/api/v1/admin/billing/backfill',
    },
  ]),
];

export function sourcePathsOf(service: SourcePath['service']): readonly SourcePath[] {
  return sourcePaths.filter((row) => row.service === service);
}

/** The page of the reference. */
export function sourcePathsReference(): string {
  const rows = sourcePaths.map(({ source, method, path, ours, service }) => {
    const how = path === ours ? 'the same' : '308';
    const where = ours.startsWith('/internal/') ? `${service}, internal port` : service;
    return `| ${source} | ${method} \`${path}\` | \`${ours}\` | ${where} | ${how} |`;
  });
  const head = ['| source | path | ours | service | how |', '|---|---|---|---|---|'];
  return ['# Paths that the sources name', '', 'Generated.', '', ...head, ...rows, ''].join('\n');
}

type Row = Omit<SourcePath, 'service'>;

function ofCoreApi(rows: readonly Row[]): SourcePath[] {
  return rows.map((row) => ({ ...row, service: 'core-api' }));
}

function ofTenantApi(rows: readonly Row[]): SourcePath[] {
  return rows.map((row) => ({ ...row, service: 'tenant-api' }));
}
