export const GATE = 'biplane:gate';
export const METERS = 'biplane:meters';

/** What a route says about the license; the route inventory test asks each. */
export type Gate =
  { readonly kind: 'module'; readonly action: string } | { readonly kind: 'ungated'; readonly why: string };
