import { decimalToString } from '@biplane/kernel';
import type { RegionDto } from './regions.dto.js';
import type { Region } from './regions.store.js';

/** The wire form of a region, in the shape in which it is put. */
export function regionJson(region: Region): RegionDto {
  return {
    code: region.code,
    residency: region.residency,
    pools: region.pools,
    thresholds: {
      members: region.thresholds.members,
      storageGb: decimalToString(region.thresholds.storageGb),
      requestsPerDay: decimalToString(region.thresholds.requestsPerDay),
    },
    isolatingCompliance: region.isolatingCompliance,
    domain: region.domain,
  };
}
