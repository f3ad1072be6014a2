import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';
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
  const { exports } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': importsOf(module) });
  (module as unknown as WasmModule).__wbg_set_wasm(exports);
  // The engine tells a panic to this registry before it stops.
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: failWith } });
  const start = exports['__wbindgen_start'];
  if (typeof start === 'function') start();
  return module;
}

/** The engine never ends the ten seconds of its lock's deadline: that timer must not keep the process alive. */
function importsOf(module: typeof EngineBindings): Record<string, unknown> {
  const setUnrefTimeout = (callback: () => void, delayMs: number): NodeJS.Timeout =>
    setTimeout(callback, delayMs >>> 0).unref();
  const imports = Object.entries(module).map(([name, value]): [string, unknown] =>
    name.startsWith('__wbg_setTimeout_') ? [name, setUnrefTimeout] : [name, value],
  );
  return Object.fromEntries(imports);
}

function failWith(message: string): never {
  throw new Error(`The schema engine stopped: ${message}`);
}

/** The catalog's one-byte `"char"`, which Prisma's adapter refuses though the engine asks for it. */
const CHAR_OID = 18;
/** No catalog column is a time with zone, so this label marks the columns above on their way through the adapter. */
const MARK_OID = 1266;

/** A pool whose answers the adapter can read when the engine describes checks and foreign keys. */
class CatalogPool extends pg.Pool {
  constructor(config: pg.PoolConfig) {
    super(config);
    const query = this.query.bind(this) as (...args: unknown[]) => Promise<pg.QueryResult>;
    const marked = async (...args: unknown[]): Promise<pg.QueryResult> => {
      const result = await query(...args);
      for (const field of result.fields ?? []) if (field.dataTypeID === CHAR_OID) field.dataTypeID = MARK_OID;
      return result;
    };
    this.query = marked as unknown as typeof this.query;
  }
}

/**
 * Prisma's adapter cuts scripts at every semicolon, which breaks the bodies of functions. Sent whole and without
 * parameters, a script is one simple query: PostgreSQL splits it itself and runs it as one transaction.
 */
class MigrationPg extends PrismaPg {
  override async connect(): ReturnType<PrismaPg['connect']> {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => {
      await adapter.executeRaw({ sql: script, args: [], argTypes: [] });
    };
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (query) => {
      const result = await queryRaw(query);
      const columnTypes = result.columnTypes.map((type) =>
        type === ColumnTypeEnum.Time ? ColumnTypeEnum.Character : type,
      );
      return { ...result, columnTypes };
    };
    return adapter;
  }
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
  const pool = new CatalogPool({ connectionString: url, max: 1, connectionTimeoutMillis: CONNECT_MS });
  pool.on('error', () => undefined);
  try {
    const factory = bindMigrationAwareSqlAdapterFactory(new MigrationPg(pool));
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
