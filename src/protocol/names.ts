/** Branded names and ids: two kinds of text that must never be mixed up are two types. */

declare const brand: unique symbol;
type Brand<Text extends string, Name extends string> = Text & { readonly [brand]: Name };

/** A venue symbol: opaque Unicode text (`GPSUSDT`, `币安人生USDT`), valid because the venue lists it, never because of its letters (failure 20). */
export type SymbolName = Brand<string, 'SymbolName'>;
export type IntentId = Brand<string, 'IntentId'>;
export type PlanId = Brand<string, 'PlanId'>;
export type PositionId = Brand<string, 'PositionId'>;
export type PermitId = Brand<string, 'PermitId'>;
export type MandateId = Brand<string, 'MandateId'>;
/** At most 36 characters of `[.A-Z:/a-z0-9_-]`, derived from what the order is for: `rules/client-ids.ts`. */
export type ClientId = Brand<string, 'ClientId'>;

export type PositionSide = 'LONG' | 'SHORT';
export type OrderSide = 'BUY' | 'SELL';

/** The order side that opens a position of `side`. */
export function openingSide(side: PositionSide): OrderSide {
  return side === 'LONG' ? 'BUY' : 'SELL';
}

/** The order side that closes a position of `side`. */
export function closingSide(side: PositionSide): OrderSide {
  return side === 'LONG' ? 'SELL' : 'BUY';
}
