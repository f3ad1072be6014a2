import { Injectable } from '@nestjs/common';
import type { Prisma, PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, type Tx } from '@biplane/service-kit';
import type { AddonGrant } from './domain/addon.js';
import type { MeterDefinition, TaxDefinition } from './domain/catalog-entries.js';

export interface AddonRow {
  readonly code: string;
  readonly name: string;
  readonly resourceKind: string;
  readonly currency: string;
  readonly price: { readonly kind: string } & Readonly<Record<string, unknown>>;
  readonly grants: readonly AddonGrant[];
}

const taken = (rows: number): boolean => rows === 0;

/** Meters, add-ons and taxes. Each insert says whether the code was free, so that a taken one poisons no transaction. */
@Injectable()
export class CatalogStore {
  async insertMeter(tx: Tx, meter: MeterDefinition, now: Date): Promise<boolean> {
    return !taken(
      await executeSql(
        tx,
        `INSERT INTO meter (code, name, unit, aggregation, authority, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING`,
        [meter.meter, meter.name, meter.unit, meter.aggregation, meter.authority, now],
      ),
    );
  }

  async meters(tx: Tx): Promise<MeterDefinition[]> {
    const rows = await prismaOf<PrismaClient>(tx).meter.findMany({ orderBy: { code: 'asc' } });
    return rows.map(
      ({ code, name, unit, aggregation, authority }) =>
        ({ meter: code, name, unit, aggregation, authority }) as MeterDefinition,
    );
  }

  async insertAddon(tx: Tx, addon: AddonRow, now: Date): Promise<boolean> {
    const result = await prismaOf<PrismaClient>(tx).addon.createMany({
      data: {
        ...addon,
        price: addon.price as Prisma.InputJsonObject,
        grants: addon.grants as unknown as Prisma.InputJsonArray,
        createdAt: now,
      },
      skipDuplicates: true,
    });
    return !taken(result.count);
  }

  async addons(tx: Tx): Promise<AddonRow[]> {
    const rows = await prismaOf<PrismaClient>(tx).addon.findMany({ orderBy: { code: 'asc' } });
    return rows as unknown as AddonRow[];
  }

  async addon(tx: Tx, code: string): Promise<AddonRow | null> {
    return (await prismaOf<PrismaClient>(tx).addon.findUnique({ where: { code } })) as unknown as AddonRow | null;
  }

  async insertTax(tx: Tx, tax: TaxDefinition & { id: string }, now: Date): Promise<boolean> {
    return !taken(
      await executeSql(
        tx,
        `INSERT INTO tax (id, country, code, name, rate, valid_from, valid_to, created_at)
         VALUES ($1::uuid, $2, $3, $4, $5, $6::date, $7::date, $8) ON CONFLICT DO NOTHING`,
        [tax.id, tax.country, tax.code, tax.name, tax.rate, tax.from, tax.to, now],
      ),
    );
  }

  /** Serializes writers of one country's taxes, so that their dates cannot overlap by a race. */
  async lockTaxes(tx: Tx, country: string): Promise<void> {
    await executeSql(tx, `SELECT pg_advisory_xact_lock(hashtext('tax:' || $1))`, [country]);
  }

  async taxes(tx: Tx, country?: string): Promise<TaxDefinition[]> {
    const rows = await prismaOf<PrismaClient>(tx).tax.findMany({
      ...(country !== undefined && { where: { country } }),
      orderBy: [{ country: 'asc' }, { code: 'asc' }, { validFrom: 'asc' }],
    });
    return rows.map((row) => ({
      country: row.country,
      code: row.code,
      name: row.name,
      rate: row.rate,
      from: dateText(row.validFrom),
      to: row.validTo && dateText(row.validTo),
    }));
  }
}

function dateText(date: Date): string {
  return date.toISOString().slice(0, 10);
}
