declare const brand: unique symbol;

/** A primitive with a name of its own: a `TenantId` cannot be passed where a `DeploymentId` is asked for. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };
