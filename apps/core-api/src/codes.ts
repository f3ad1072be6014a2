/** The code of a region, in a query or a path: whether there is such a region, nobody asks a list. */
export const REGION_CODE = /^[a-z](?:-?[a-z0-9]){0,31}$/;
export const REGION_CODE_MESSAGE = '$property must be the code of a region';

/** Of tenants and deployments: a part of a host name. */
export const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
export const SLUG_MESSAGE = '$property must be lower-case letters, digits and hyphens, at most 63';
