import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock, type FieldError } from '@biplane/kernel';
import { CLOCK, IDS, invalid, UnitOfWork, type Ids, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import type { AddonBody, MeterBody, TaxBody } from './catalog.dto.js';
import { CatalogErrors } from './catalog.errors.js';
import { CatalogStore, type AddonRow } from './catalog.store.js';
import { readAddon } from './domain/addon.js';
import { taxesOn, taxProblems, type MeterDefinition, type TaxDefinition } from './domain/catalog-entries.js';

/** Meters, add-ons and taxes: entries are added, never edited. */
@Injectable()
export class CatalogService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: CatalogStore,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  addMeter(body: MeterBody, actor: Actor): Promise<MeterDefinition> {
    return this.unitOfWork.run(async (tx) => {
      const meter: MeterDefinition = { ...body };
      if (!(await this.store.insertMeter(tx, meter, this.clock.now()))) throw codeTaken('meter', body.meter);
      await this.audit.record(tx, {
        actor,
        action: 'meter.added',
        object: { type: 'meter', id: body.meter },
        after: meter,
      });
      return meter;
    });
  }

  addAddon(body: AddonBody, actor: Actor): Promise<AddonRow> {
    return this.unitOfWork.run(async (tx) => {
      const known = new Set((await this.store.meters(tx)).map((meter) => meter.meter));
      const reading = readAddon({ currency: body.currency, price: body.price, grants: body.grants }, known);
      if (!reading.ok) throw addonRefused(reading);
      const { currency, price, grants } = reading.content;
      const addon: AddonRow = {
        code: body.code,
        name: body.name,
        resourceKind: body.resourceKind,
        currency,
        price,
        grants,
      };
      if (!(await this.store.insertAddon(tx, addon, this.clock.now()))) throw codeTaken('add-on', body.code);
      await this.audit.record(tx, {
        actor,
        action: 'addon.added',
        object: { type: 'addon', id: body.code },
        after: addon,
      });
      return addon;
    });
  }

  addTax(body: TaxBody, actor: Actor): Promise<TaxDefinition> {
    return this.unitOfWork.run(async (tx) => {
      await this.store.lockTaxes(tx, body.country);
      const tax: TaxDefinition = { ...body, to: body.to ?? null };
      const problems = taxProblems(tax, await this.store.taxes(tx, tax.country));
      if (problems.length > 0)
        throw new RefusalError(CatalogErrors.TAX_INVALID({ detail: sentence(problems), errors: problems }));
      await this.store.insertTax(tx, { ...tax, id: this.ids.uuid() }, this.clock.now());
      const object = { type: 'tax', id: `${tax.country}/${tax.code}/${tax.from}` };
      await this.audit.record(tx, { actor, action: 'tax.added', object, after: tax });
      return tax;
    });
  }

  meters(tx: Tx = this.unitOfWork.reader): Promise<MeterDefinition[]> {
    return this.store.meters(tx);
  }

  /** Meter → how people call it. */
  async meterNames(tx: Tx): Promise<ReadonlyMap<string, string>> {
    return new Map((await this.store.meters(tx)).map(({ meter, name }) => [meter, name]));
  }

  addons(tx: Tx = this.unitOfWork.reader): Promise<AddonRow[]> {
    return this.store.addons(tx);
  }

  taxes(tx: Tx = this.unitOfWork.reader): Promise<TaxDefinition[]> {
    return this.store.taxes(tx);
  }

  /** The taxes of a country that hold on a local date (`2026-04-30`). */
  async taxesOn(tx: Tx, country: string, date: string): Promise<TaxDefinition[]> {
    return taxesOn(await this.store.taxes(tx, country), date);
  }

  /** An add-on that is asked for: 422 when the catalog does not have it. */
  async requiredAddon(tx: Tx, code: string): Promise<AddonRow & { priceMinor: bigint }> {
    const addon = await this.store.addon(tx, code);
    if (!addon)
      throw new RefusalError(CatalogErrors.ADDON_UNKNOWN({ detail: `There is no add-on "${code.slice(0, 64)}"` }));
    const meters = new Set(addon.grants.map((grant) => grant.meter));
    const reading = readAddon({ currency: addon.currency, price: addon.price, grants: addon.grants }, meters);
    if (!reading.ok) throw new Error(`The stored add-on ${addon.code} cannot be read: ${sentence(reading.broken)}`);
    return { ...addon, priceMinor: reading.content.priceMinor };
  }
}

function addonRefused(reading: { malformed: readonly FieldError[]; broken: readonly FieldError[] }): RefusalError {
  if (reading.malformed.length > 0) return new RefusalError(invalid(reading.malformed));
  return new RefusalError(CatalogErrors.ADDON_INVALID({ detail: sentence(reading.broken), errors: reading.broken }));
}

function codeTaken(noun: string, code: string): RefusalError {
  return new RefusalError(CatalogErrors.CODE_TAKEN({ detail: `The ${noun} "${code}" exists` }));
}

function sentence(errors: readonly FieldError[]): string {
  return errors
    .slice(0, 3)
    .map((error) => `${error.pointer} ${error.detail}`)
    .join('; ');
}
