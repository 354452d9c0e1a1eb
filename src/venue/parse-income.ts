/** What the venue says of money that came and went beside the trades, in our words: funding, transfers, commissions. */
import { z } from 'zod';
import type { SymbolName } from '../protocol/names.ts';
import type { VenueIncome } from '../protocol/venue.ts';
import { decimalField, parseAnswer, symbolField, timeField } from './parse-fields.ts';

/** Ids of the venue may be numbers or text; as text they stay exact. */
const idField = z.union([z.string(), z.number().int()]).transform(String);
/** Transfers belong to no symbol: the venue says so with an empty text. */
const maybeSymbol = z.union([z.literal(''), symbolField]).optional();

const incomeRow = z.object({ symbol: maybeSymbol, incomeType: z.string().min(1), income: decimalField, asset: z.string().min(1), time: timeField, tranId: idField });

/** `GET /fapi/v1/income`. @throws VenueError */
export function parseIncome(body: unknown, where: string): readonly VenueIncome[] {
  return parseAnswer(z.array(incomeRow), body, where).map((row) => ({
    incomeId: `${row.incomeType}/${row.tranId}/${row.symbol ?? ''}`,
    type: row.incomeType,
    symbol: row.symbol === undefined || row.symbol === '' ? undefined : row.symbol,
    amount: row.income,
    asset: row.asset,
    at: row.time,
  }));
}

const fundingRow = z.object({ symbol: symbolField, fundingIntervalHours: z.number().positive() });

/** `GET /fapi/v1/fundingInfo`: only symbols whose interval or caps were changed are in it. @throws VenueError */
export function parseFundingIntervals(body: unknown, where: string): ReadonlyMap<SymbolName, number> {
  return new Map(parseAnswer(z.array(fundingRow), body, where).map((row) => [row.symbol, row.fundingIntervalHours]));
}
