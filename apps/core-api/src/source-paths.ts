/** A path that a source of the product names, and where it lives here. Each row is a test; a later part adds its own. */
export interface SourcePath {
  /** S1 platform subscription, S2 deployments and roll-up, S3 billing module. */
  readonly source: 'S1' | 'S2' | 'S3';
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly ours: string;
}

export const sourcePaths: readonly SourcePath[] = [
  { source: 'S1', method: 'GET', path: '/subscription/plans', ours: '/api/v1/subscription/plans' },
  { source: 'S1', method: 'POST', path: '/subscription/plans', ours: '/api/v1/subscription/plans' },
  { source: 'S2', method: 'GET', path: '/api/v1/deployments', ours: '/api/v1/deployments' },
  { source: 'S2', method: 'GET', path: '/api/v1/invoices', ours: '/api/v1/billing/invoices' },
  { source: 'S2', method: 'POST', path: '/api/v1/invoices', ours: '/api/v1/billing/invoices' },
  { source: 'S3', method: 'GET', path: '/api/billing/plans', ours: '/api/v1/subscription/plans' },
  { source: 'S3', method: 'GET', path: '/api/billing/invoices', ours: '/api/v1/billing/invoices' },
  { source: 'S3', method: 'POST', path: '/api/billing/invoices', ours: '/api/v1/billing/invoices' },
];
