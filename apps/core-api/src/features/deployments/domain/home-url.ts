/**
 * Where a home of its own serves a deployment. The slug of a tenant is unique on the platform, and that of its first deployment is the
 * same; those of further ones are unique within the tenant.
 */
export function homeUrl(slug: string, tenantSlug: string, domain: string): string {
  return `https://${slug === tenantSlug ? slug : `${slug}.${tenantSlug}`}.${domain}`;
}
