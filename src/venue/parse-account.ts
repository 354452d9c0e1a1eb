/** The venue's answers about the account in our words: money, modes, settings, brackets, positions. */
import { z } from 'zod';
import type { SymbolName } from '../protocol/names.ts';
import type { AccountModes, KeyPermissions, LeverageBracket, SymbolSettings, VenueAccount, VenuePosition } from '../protocol/venue.ts';
import { decimalField, numericField, oneWayField, parseAnswer, symbolField, timeField } from './parse-fields.ts';

/** In single-asset mode, the only one we trade in, these totals are USDT alone. */
const account = z.object({ totalWalletBalance: decimalField, totalUnrealizedProfit: decimalField, availableBalance: decimalField });

/** `GET /fapi/v3/account`; `sentAt` is the venue time of the request (ruling 24: the answer's own updateTime is the last *change*). @throws VenueError */
export function parseAccount(body: unknown, where: string, sentAt: number): VenueAccount {
  const row = parseAnswer(account, body, where);
  return { walletBalance: row.totalWalletBalance, unrealizedPnl: row.totalUnrealizedProfit, availableBalance: row.availableBalance, observedAt: sentAt };
}

const accountConfig = z.object({ dualSidePosition: z.boolean(), multiAssetsMargin: z.boolean(), canTrade: z.boolean() });

/** `GET /fapi/v1/accountConfig`, without what only `GET /fapi/v2/account` knows. @throws VenueError */
export function parseAccountConfig(body: unknown, where: string): Omit<AccountModes, 'feeBurn'> {
  const row = parseAnswer(accountConfig, body, where);
  return { hedgeMode: row.dualSidePosition, multiAssets: row.multiAssetsMargin, canTrade: row.canTrade };
}

/** `GET /fapi/v1/accountConfig`: whether the account may transfer out; of a testnet that is all there is to know. @throws VenueError */
export function parseMayTransferOut(body: unknown, where: string): KeyPermissions {
  return { canWithdraw: parseAnswer(z.object({ canWithdraw: z.boolean().optional() }), body, where).canWithdraw, canTrade: undefined, ipRestricted: undefined };
}

/** `GET /sapi/v1/account/apiRestrictions`: what this very key may do. @throws VenueError */
export function parseKeyPermissions(body: unknown, where: string): KeyPermissions {
  const row = parseAnswer(z.object({ enableWithdrawals: z.boolean(), enableFutures: z.boolean(), ipRestrict: z.boolean() }), body, where);
  return { canWithdraw: row.enableWithdrawals, canTrade: row.enableFutures, ipRestricted: row.ipRestrict };
}

/** `GET /fapi/v2/account`. @throws VenueError */
export function parseFeeBurn(body: unknown, where: string): boolean {
  return parseAnswer(z.object({ feeBurn: z.boolean() }), body, where).feeBurn;
}

const symbolConfig = z.object({ symbol: symbolField, leverage: z.int().positive(), marginType: z.enum(['ISOLATED', 'CROSSED']) });

/** `GET /fapi/v1/symbolConfig`. @throws VenueError */
export function parseSettings(body: unknown, where: string): readonly SymbolSettings[] {
  return parseAnswer(z.array(symbolConfig), body, where).map((row) => ({ symbol: row.symbol, leverage: row.leverage, marginMode: row.marginType }));
}

const bracketRow = z.object({ symbol: symbolField, brackets: z.array(z.object({ initialLeverage: z.int().positive(), notionalCap: numericField })) });
/** The documentation prints an object for one symbol, the venue sends a list. */
const bracketList = z.union([z.array(bracketRow), bracketRow.transform((row) => [row])]);

/** `GET /fapi/v1/leverageBracket`. @throws VenueError */
export function parseBrackets(body: unknown, where: string): ReadonlyMap<SymbolName, readonly LeverageBracket[]> {
  const rows = parseAnswer(bracketList, body, where);
  return new Map(
    rows.map((row) => [row.symbol, row.brackets.map((bracket) => ({ leverage: bracket.initialLeverage, notionalCap: bracket.notionalCap })).toSorted((one, other) => other.leverage - one.leverage)]),
  );
}

const position = z.object({
  symbol: symbolField,
  positionSide: oneWayField,
  positionAmt: decimalField,
  entryPrice: decimalField,
  markPrice: decimalField,
  unRealizedProfit: decimalField,
  updateTime: timeField,
});

/** `GET /fapi/v3/positionRisk`, which also lists flat symbols that have orders: those are left out. @throws VenueError */
export function parsePositions(body: unknown, where: string): readonly VenuePosition[] {
  return parseAnswer(z.array(position), body, where)
    .filter((row) => !row.positionAmt.isZero())
    .map((row) => ({ symbol: row.symbol, quantity: row.positionAmt, entryPrice: row.entryPrice, markPrice: row.markPrice, unrealizedPnl: row.unRealizedProfit, updatedAt: row.updateTime }));
}
