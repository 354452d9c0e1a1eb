/** What an event leaves behind: the records it holds, each as it is after it. Memory and disk keep them from this one list. */
import type { z } from 'zod';
import type { ExchangeEvent } from './events.ts';
import { accountSchema, algoSchema, amendmentSchema, countersSchema, fundingSchema, incomeSchema, listingSchema, marginChangeSchema, orderSchema, positionSchema, settingsSchema, tradeSchema } from './model.ts';

/** In the order in which they can be read back: owners first. */
const SCHEMAS = {
  account: accountSchema,
  settings: settingsSchema,
  position: positionSchema,
  order: orderSchema,
  trade: tradeSchema,
  income: incomeSchema,
  'margin-change': marginChangeSchema,
  funding: fundingSchema,
  listing: listingSchema,
  algo: algoSchema,
  amendment: amendmentSchema,
  counters: countersSchema,
} as const;

export type RecordKind = keyof typeof SCHEMAS;
export type KeptRecord = { readonly [K in RecordKind]: { readonly kind: K; readonly body: Readonly<z.infer<(typeof SCHEMAS)[K]>> } }[RecordKind];

export const RECORD_KINDS = Object.keys(SCHEMAS) as readonly RecordKind[];

/** A record as it comes back from disk; what later versions added has its default. @throws z.ZodError */
export function readRecord(kind: RecordKind, body: unknown): KeptRecord {
  return { kind, body: SCHEMAS[kind].parse(body) } as KeptRecord;
}

export function recordsOf(event: ExchangeEvent): readonly KeptRecord[] {
  switch (event.type) {
    case 'AccountOpened':
    case 'PositionModeChanged':
      return [{ kind: 'account', body: event.account }];
    case 'LeverageChanged':
    case 'MarginTypeChanged':
      return [{ kind: 'settings', body: event.settings }];
    case 'OrderAmended':
      return [{ kind: 'order', body: event.order }, { kind: 'amendment', body: event.amendment }];
    case 'OrderAccepted':
    case 'OrderCanceled':
    case 'OrderExpired':
      return [{ kind: 'order', body: event.order }];
    case 'OrderTraded':
      return [{ kind: 'order', body: event.order }, { kind: 'trade', body: event.trade }, { kind: 'position', body: event.position }, { kind: 'account', body: event.account }];
    case 'IncomeBooked':
      return [{ kind: 'income', body: event.income }, { kind: 'position', body: event.position }, { kind: 'account', body: event.account }];
    case 'MarginMoved':
      return [{ kind: 'margin-change', body: event.change }, { kind: 'position', body: event.position }];
    case 'FundingSettled':
      return [{ kind: 'funding', body: event.funding }];
    case 'SymbolStatusChanged':
      return [{ kind: 'listing', body: event.listing }];
    case 'AlgoVanished':
    case 'AlgoTrailed':
    case 'AlgoChanged':
      return [{ kind: 'algo', body: event.algo }];
    case 'HistoryPruned':
      return [{ kind: 'account', body: event.account }, { kind: 'counters', body: event.counters }];
    case 'MarginCalled':
      return [];
  }
}
