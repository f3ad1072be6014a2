// The inside of kafkajs 2.2.4, of which it publishes no types: the requests of one connection.
declare module 'kafkajs/src/network/requestQueue/index.js' {
  export default class RequestQueue {
    constructor(options: {
      readonly clientId: string;
      readonly broker: string;
      readonly maxInFlightRequests: number | null;
      readonly requestTimeout: number;
      readonly enforceRequestTimeout: boolean;
      readonly logger: { readonly debug: (message: string, details?: object) => void };
    });
    /** What waits because the broker throttles us, or because as many are on their way as may be. */
    readonly pending: readonly unknown[];
    readonly throttleCheckTimeoutId: NodeJS.Timeout | null;
    push(request: {
      readonly entry: { readonly correlationId: number; readonly resolve: () => void };
      readonly expectResponse: boolean;
      readonly sendRequest: () => void;
    }): void;
    maybeThrottle(ms: number): void;
    checkPendingRequests(): void;
    scheduleCheckPendingRequests(): void;
    destroy(): void;
  }
}
