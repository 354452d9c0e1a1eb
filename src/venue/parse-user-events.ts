/** One message of the user stream becomes one event of ours, or a reason why not. */
import { z } from 'zod';
import type { OrderSide, ClientId, SymbolName } from '../protocol/names.ts';
import type { MarginMode, UserEvent, VenueTrade } from '../protocol/venue.ts';
import type { Read } from './parse-market-events.ts';
import { readEvent } from './parse-market-events.ts';
import { clientIdField, decimalField, idField, oneWayField, sideField, symbolField, timeField } from './parse-fields.ts';
import { actualOrderIdField, algoStatusField, orderStatusField } from './parse-orders.ts';

const order = z
  .object({
    E: timeField,
    T: timeField,
    o: z.object({
      s: symbolField,
      c: clientIdField,
      S: sideField,
      ps: oneWayField,
      o: z.string(),
      q: decimalField,
      p: decimalField,
      x: z.string(),
      X: orderStatusField,
      i: idField,
      l: decimalField,
      z: decimalField,
      L: decimalField,
      N: z.string().nullish(),
      n: decimalField.nullish(),
      T: timeField,
      t: z.unknown(),
      R: z.boolean(),
      rp: decimalField,
    }),
  })
  .transform(({ E, T, o }): UserEvent => {
    const said = { symbol: o.s, clientId: o.c, orderId: o.i, side: o.S, type: o.o, status: o.X, quantity: o.q, executedQuantity: o.z, price: o.p, reduceOnly: o.R, updatedAt: T };
    const id = idField.safeParse(o.t);
    if (!isFill(o.x, o.l) || !id.success || o.n === undefined || o.n === null || o.N === undefined || o.N === null) return { type: 'order', order: said, observedAt: E };
    return { type: 'order', order: said, trade: tradeOf(o, id.data, o.n, o.N), observedAt: E };
  });

/** CALCULATED is a liquidation: a fill of an order nobody here sent. */
function isFill(executionType: string, lastQuantity: VenueTrade['quantity']): boolean {
  return (executionType === 'TRADE' || executionType === 'CALCULATED') && !lastQuantity.isZero();
}

interface Fill {
  readonly s: SymbolName;
  readonly c: ClientId;
  readonly S: OrderSide;
  readonly i: string;
  readonly L: VenueTrade['price'];
  readonly l: VenueTrade['quantity'];
  readonly rp: VenueTrade['realizedPnl'];
  readonly T: number;
}

function tradeOf(fill: Fill, tradeId: string, commission: VenueTrade['commission'], commissionAsset: string): VenueTrade {
  return { symbol: fill.s, tradeId, orderId: fill.i, clientId: fill.c, side: fill.S, price: fill.L, quantity: fill.l, commission, commissionAsset, realizedPnl: fill.rp, at: fill.T };
}

const algo = z
  .object({
    E: timeField,
    T: timeField,
    o: z.object({
      caid: clientIdField,
      aid: idField,
      o: z.string(),
      s: symbolField,
      S: sideField,
      ps: oneWayField,
      q: decimalField,
      X: algoStatusField,
      ai: actualOrderIdField,
      tp: decimalField,
      R: z.boolean(),
      rm: z.string().nullish(),
    }),
  })
  .transform(({ E, T, o }): UserEvent => ({
    type: 'algo',
    order: {
      symbol: o.s,
      clientId: o.caid,
      algoId: o.aid,
      side: o.S,
      type: o.o,
      status: o.X,
      quantity: o.q,
      triggerPrice: o.tp,
      reduceOnly: o.R,
      ...(o.ai === undefined ? {} : { actualOrderId: o.ai }),
      updatedAt: T,
    },
    ...(o.rm === undefined || o.rm === null || o.rm === '' ? {} : { rejectReason: o.rm }),
    observedAt: E,
  }));

/** `isolated`, `cross`, in some events `ISOLATED`, `CROSSED`. A word we do not know says nothing, and takes nothing else of the event with it. */
const marginModeField = z.unknown().optional().transform((word): MarginMode | undefined => MARGIN_MODES.get(String(word).toLowerCase()));
const MARGIN_MODES: ReadonlyMap<string, MarginMode> = new Map([
  ['isolated', 'ISOLATED'],
  ['cross', 'CROSSED'],
  ['crossed', 'CROSSED'],
]);

const account = z
  .object({
    E: timeField,
    a: z.object({
      m: z.string(),
      B: z.array(z.object({ a: z.string(), wb: decimalField })).default([]),
      P: z.array(z.object({ s: symbolField, pa: decimalField, ep: decimalField, up: decimalField, ps: oneWayField, mt: marginModeField })).default([]),
    }),
  })
  .transform(({ E, a }): UserEvent => {
    const usdt = a.B.find((balance) => balance.a === 'USDT');
    return {
      type: 'account',
      ...(usdt === undefined ? {} : { walletBalance: usdt.wb }),
      positions: a.P.map((row) => ({ symbol: row.s, quantity: row.pa, entryPrice: row.ep, unrealizedPnl: row.up, ...(row.mt === undefined ? {} : { marginMode: row.mt }) })),
      reason: a.m,
      observedAt: E,
    };
  });

/** `ac` is leverage of a symbol, `ai` the account's multi-assets mode. */
const settings = z.union([
  z.object({ E: timeField, ac: z.object({ s: symbolField, l: z.int().positive() }) }).transform(({ E, ac }): UserEvent => ({ type: 'settings', symbol: ac.s, leverage: ac.l, observedAt: E })),
  z.object({ E: timeField, ai: z.object({ j: z.boolean() }) }).transform(({ E, ai }): UserEvent => ({ type: 'modes', multiAssets: ai.j, observedAt: E })),
]);

const schemas = new Map<string, z.ZodType<UserEvent>>([
  ['ORDER_TRADE_UPDATE', order],
  ['ALGO_UPDATE', algo],
  ['ACCOUNT_UPDATE', account],
  ['ACCOUNT_CONFIG_UPDATE', settings],
]);

/** What `message` (the unwrapped event) says. */
export function readUserEvent(message: unknown): Read<UserEvent> {
  return readEvent(schemas, message);
}

const fillShape = z.object({ o: z.object({ x: z.string(), l: decimalField }) });

/** A fill whose trade id or fee is missing is told as an order without its trade (a fee made up would stay in the books): the trade must be asked for over REST. */
export function lacksItsTrade(event: UserEvent, message: unknown): boolean {
  if (event.type !== 'order' || event.trade !== undefined) return false;
  const shape = fillShape.safeParse(message);
  return shape.success && isFill(shape.data.o.x, shape.data.o.l);
}
