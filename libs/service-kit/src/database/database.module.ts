import { Logger, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { HealthRegistry } from '../health/health-registry.js';
import { openDatabase, type DatabaseOptions } from './open-database.js';
import { querySql } from './tx.js';
import { UnitOfWork } from './unit-of-work.js';

/** The database of this process, with its readiness. Other databases (one per tenant) are opened by `openDatabase`. */
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    health: HealthRegistry,
  ) {
    health.addReadiness('database', async () => {
      await querySql(unitOfWork.reader, 'SELECT 1');
    });
  }

  static forRoot(options: DatabaseOptions): DynamicModule {
    const logger = new Logger('Database');
    const onError = options.onError ?? ((error: unknown) => logger.warn({ err: error }, 'database connection lost'));
    return {
      module: DatabaseModule,
      global: true,
      providers: [{ provide: UnitOfWork, useFactory: () => openDatabase({ ...options, onError }) }],
      exports: [UnitOfWork],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.unitOfWork.close();
  }
}
