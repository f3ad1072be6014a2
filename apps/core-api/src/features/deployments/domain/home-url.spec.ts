import { describe, expect, it } from '@jest/globals';
import { homeUrl } from './home-url.js';

describe('homeUrl', () => {
  it("gives a tenant's first deployment the name of the tenant, and each further one a name within it", () => {
    expect(homeUrl('acme', 'acme', 'eu-1.example')).toBe('https://acme.eu-1.example');
    expect(homeUrl('staging', 'acme', 'eu-1.example')).toBe('https://staging.acme.eu-1.example');
  });
});
