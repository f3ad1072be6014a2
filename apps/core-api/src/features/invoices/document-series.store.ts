import { Injectable } from '@nestjs/common';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';

/** Whose numbers count for themselves. */
export type Series = 'invoice_series' | 'credit_note_series';

@Injectable()
export class DocumentSeriesStore {
  /**
   * Takes the next `count` numbers of a series and returns the first. The row stays locked until the transaction ends, so
   * what is rolled back gives its numbers back, and two issuers at once never share or skip one. At the commit the database
   * looks whether each number has its document.
   */
  async take(tx: Tx, series: Series, issuer: string, year: number, count: number): Promise<number> {
    await executeSql(
      tx,
      `INSERT INTO ${series} (issuer, year, last_number) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING`,
      [issuer, year],
    );
    const [row] = await querySql<{ lastNumber: number }>(
      tx,
      `UPDATE ${series} SET last_number = last_number + $3::int WHERE issuer = $1 AND year = $2
       RETURNING last_number AS "lastNumber"`,
      [issuer, year, count],
    );
    if (row === undefined) throw new Error(`Series ${issuer}/${year} vanished inside its own transaction`);
    return row.lastNumber - count + 1;
  }
}
