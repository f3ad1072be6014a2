import { Injectable } from '@nestjs/common';
import { prismaOf, type Tx } from '@biplane/service-kit';
import type { PrismaClient } from '@biplane/prisma-core';

export interface Payment {
  readonly id: string;
  readonly invoiceId: string;
  readonly tenantId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  /** What it took of the invoice. */
  readonly appliedMinor: bigint;
  /** What was too much, and went to the balance. */
  readonly excessMinor: bigint;
  readonly method: string;
  readonly provider: string | null;
  readonly providerReference: string | null;
  readonly receivedAt: Date;
  readonly recordedAt: Date;
}

@Injectable()
export class PaymentsStore {
  /** The database lowers what is open of the invoice, and refuses a payment that finds less. */
  async insert(tx: Tx, payment: Payment): Promise<void> {
    await prismaOf<PrismaClient>(tx).invoicePayment.create({ data: payment, select: { id: true } });
  }

  findByReference(tx: Tx, provider: string, providerReference: string): Promise<Payment | null> {
    return prismaOf<PrismaClient>(tx).invoicePayment.findUnique({
      where: { provider_providerReference: { provider, providerReference } },
    });
  }

  /** Newest first, at most `limit`, behind the one of id `before`: ids rise with time. */
  list(tx: Tx, invoiceId: string, before: string | null, limit: number): Promise<Payment[]> {
    return prismaOf<PrismaClient>(tx).invoicePayment.findMany({
      where: { invoiceId, ...(before !== null && { id: { lt: before } }) },
      orderBy: { id: 'desc' },
      take: limit,
    });
  }
}
