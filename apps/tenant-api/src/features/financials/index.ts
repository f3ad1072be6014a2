export { ENTRY_KINDS, type EntryKind } from './domain/entry.js';
export { FinancialErrors } from './financials.errors.js';
export { FinancialService, type Booking } from './financial.service.js';
export { FinancialsModule } from './financials.module.js';
export { accountJson, entryJson, itemJson } from './financials.json.js';
export { AccountDto, BalanceDto, EntryDto, ItemDto, NewItemBody } from './financials.dto.js';
export { ItemCharging, type MayCharge, type Settled } from './item-charging.service.js';
export { newItem } from './new-item.js';
export { AccountItems, type NewItem } from './items.service.js';
export { activeItems, type AccountItem } from './items.store.js';
export {
  balanceBefore,
  listAccounts,
  listEntries,
  lockAccounts,
  type Account,
  type AccountEntry,
} from './ledger.store.js';
