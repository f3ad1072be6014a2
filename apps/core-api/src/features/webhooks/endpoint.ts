/** Why an endpoint is disabled: by an operator, because it failed for days, because it answered 410, or because too much waits for it. */
export type DisabledBecause = 'ASKED' | 'FAILING' | 'GONE' | 'BACKLOG';

export interface WebhookEndpoint {
  readonly id: string;
  /** Null: of the platform, which gets the events of all. */
  readonly tenantId: string | null;
  readonly url: string;
  readonly description: string | null;
  /** Empty: every type. */
  readonly eventTypes: readonly string[];
  readonly state: 'enabled' | 'disabled';
  readonly disabledBecause: DisabledBecause | null;
  readonly previousSecretUntil: Date | null;
  readonly failingSince: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What signs: sealed, each bound to its endpoint and column. */
export interface SealedSecrets {
  readonly secretEncrypted: string;
  readonly previousSecretEncrypted: string | null;
  readonly previousSecretUntil: Date | null;
}

export type StoredEndpoint = WebhookEndpoint & SealedSecrets;
