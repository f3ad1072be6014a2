import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type * as EngineBindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';

export type SchemaEngine = EngineBindings.SchemaEngine;
export const NO_FILTERS: EngineBindings.SchemaFilter = { externalTables: [], externalEnums: [] };

const CONNECT_MS = 5_000;
interface WasmModule {
  readonly __wbg_set_wasm: (exports: unknown) => void;
}
// Neither the es2023 library nor Node's types declare it; both of the calls below are all that is used.
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<object>;
  instantiate(module: object, imports: object): Promise<{ readonly exports: Readonly<Record<string, unknown>> }>;
};

let bindings: Promise<typeof EngineBindings> | null = null;

/** Prisma's schema engine as WebAssembly: its binary cannot be had everywhere, and a service needs no CLI. */
async function loadBindings(): Promise<typeof EngineBindings> {
  const module = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm');
  const wasm = await WebAssembly.compile(readFileSync(entry.replace(/schema_engine\.js$/, 'schema_engine_bg.wasm')));
  const { exports } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': module });
  (module as unknown as WasmModule).__wbg_set_wasm(exports);
  const start = exports['__wbindgen_start'];
  if (typeof start === 'function') start();
  return module;
}

/**
 * Lends an engine on a connection of its own. The connection is closed afterwards, since the engine's advisory lock
 * lives as long as it does.
 */
export async function withSchemaEngine<T>(
  url: string,
  schema: readonly [string, string][] | null,
  use: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  const { SchemaEngine } = await (bindings ??= loadBindings());
  const pool = new pg.Pool({ connectionString: url, max: 1, connectionTimeoutMillis: CONNECT_MS });
  pool.on('error', () => undefined);
  try {
    const factory = bindMigrationAwareSqlAdapterFactory(new PrismaPg(pool));
    const options = { datamodels: schema === null ? undefined : [...schema] };
    const engine = await SchemaEngine.new(options, () => undefined, factory as never);
    try {
      return await use(engine);
    } finally {
      engine.free();
    }
  } finally {
    await pool.end();
  }
}
