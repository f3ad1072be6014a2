export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly contentType?: string;
  readonly body?: string;
  readonly signal: AbortSignal;
}

export interface ApiAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  /** What the API server warns about. */
  readonly warnings: readonly string[];
  readonly body: string;
}

export interface ApiStream {
  readonly status: number;
  readonly body: AsyncIterable<Buffer>;
}

/** One HTTP exchange with the API server: rejects unless a whole answer came back, whatever its status. */
export interface Transport {
  request(request: ApiRequest): Promise<ApiAnswer>;
  /** The answer as it comes in. */
  stream(request: ApiRequest): Promise<ApiStream>;
  /** Reads the credentials again, as the server refused them. */
  reload(): void;
}
