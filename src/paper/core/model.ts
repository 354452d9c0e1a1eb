/** What the exchange keeps about its customers: immutable records, with a schema each because they come back from disk. */
import { z } from 'zod';
import { decimal, decimalString, ZERO } from '../../protocol/decimal.ts';

/** Exact in memory, a decimal string in JSON. */
const exact = decimalString.transform((value) => decimal(value));
const id = z.int().nonnegative();
const at = z.int();

export const sideSchema = z.enum(['BUY', 'SELL']);
export const timeInForceSchema = z.enum(['GTC', 'IOC', 'FOK', 'GTX', 'GTD']);
export const algoTypeSchema = z.enum(['STOP_MARKET', 'TAKE_PROFIT_MARKET', 'STOP', 'TAKE_PROFIT', 'TRAILING_STOP_MARKET']);
export const workingTypeSchema = z.enum(['MARK_PRICE', 'CONTRACT_PRICE']);
export const marginTypeSchema = z.enum(['CROSSED', 'ISOLATED']);

/** LONG and SHORT are the two legs of hedge mode; one-way mode has BOTH only. Records from before there were legs have BOTH. */
export const positionSideSchema = z.enum(['BOTH', 'LONG', 'SHORT']);
const positionSide = positionSideSchema.default('BOTH');

export const accountSchema = z.object({
  apiKey: z.string(),
  apiSecret: z.string(),
  /** USDT; deposit + forgotten + Σ realised − Σ commission + Σ income, to the last digit. */
  wallet: exact,
  deposit: exact,
  /** What trades and incomes changed the wallet by that are too old to be kept. */
  forgotten: exact.default(ZERO),
  /** Hedge mode. */
  dualSide: z.boolean().default(false),
  openedAt: at,
  updateTime: at,
});

/** `account` in every record is the owner's API key. */
export const settingsSchema = z.object({ account: z.string(), symbol: z.string(), leverage: z.int(), marginType: marginTypeSchema });

export const positionSchema = z.object({
  account: z.string(),
  symbol: z.string(),
  positionSide,
  /** Signed: negative is short. */
  amount: exact,
  entryPrice: exact,
  /** Margin set aside for this position alone; zero in crossed mode. */
  isolatedWallet: exact,
  /** Realised over the life of the account on this symbol, before fees. */
  realised: exact,
  /** Realised less fees since the position was last flat: moves the break-even price away from the entry. */
  carried: exact,
  updateTime: at,
});

export const orderSchema = z.object({
  account: z.string(),
  orderId: id,
  clientOrderId: z.string(),
  symbol: z.string(),
  side: sideSchema,
  positionSide,
  type: z.enum(['LIMIT', 'MARKET']),
  /** The conditional type it was before it triggered; otherwise as `type`. */
  origType: z.string(),
  timeInForce: timeInForceSchema,
  quantity: exact,
  /** Zero for MARKET. */
  price: exact,
  stopPrice: exact,
  workingType: workingTypeSchema,
  reduceOnly: z.boolean(),
  closePosition: z.boolean(),
  status: z.enum(['NEW', 'PARTIALLY_FILLED', 'FILLED', 'CANCELED', 'EXPIRED', 'EXPIRED_IN_MATCH']),
  filled: exact,
  /** Σ price × quantity of its trades. */
  cost: exact,
  /** Of GTD: when it expires, ms; else zero. */
  goodTillDate: at.default(0),
  /** Of a triggered TRAILING_STOP_MARKET, zero otherwise. */
  activatePrice: exact.default(ZERO),
  callbackRate: exact.default(ZERO),
  /** How often it was amended. */
  amendments: z.int().nonnegative().default(0),
  /** Made by the venue, to close the owner's position. */
  autoClose: z.enum(['LIQUIDATION', 'ADL', 'SETTLEMENT']).nullable().default(null),
  /** The algo order that triggered it. */
  algoId: id.nullable(),
  time: at,
  updateTime: at,
});

export const tradeSchema = z.object({
  account: z.string(),
  id,
  orderId: id,
  symbol: z.string(),
  side: sideSchema,
  positionSide,
  price: exact,
  quantity: exact,
  realised: exact,
  commission: exact,
  maker: z.boolean(),
  time: at,
});

export const algoSchema = z.object({
  account: z.string(),
  algoId: id,
  clientAlgoId: z.string(),
  symbol: z.string(),
  side: sideSchema,
  positionSide,
  type: algoTypeSchema,
  timeInForce: z.enum(['GTC', 'IOC', 'FOK', 'GTX', 'GTE_GTC']),
  /** Zero with closePosition. */
  quantity: exact,
  triggerPrice: exact,
  /** Limit price of STOP and TAKE_PROFIT; zero for the market kinds. */
  price: exact,
  /** Of TRAILING_STOP_MARKET, zero otherwise: from which price it follows, and by how many percent the price must come back. */
  activatePrice: exact.default(ZERO),
  callbackRate: exact.default(ZERO),
  /** The best price since it follows; zero before. */
  extreme: exact.default(ZERO),
  workingType: workingTypeSchema,
  reduceOnly: z.boolean(),
  closePosition: z.boolean(),
  status: z.enum(['NEW', 'TRIGGERING', 'TRIGGERED', 'FINISHED', 'CANCELED', 'EXPIRED', 'REJECTED']),
  actualOrderId: id.nullable(),
  rejectReason: z.string(),
  triggerTime: at,
  time: at,
  updateTime: at,
});

/** A change of the wallet that is no trade's and no transfer's. */
export const incomeSchema = z.object({
  account: z.string(),
  tranId: id,
  symbol: z.string(),
  positionSide,
  incomeType: z.enum(['FUNDING_FEE', 'INSURANCE_CLEAR']),
  /** USDT, signed: negative was paid. */
  amount: exact,
  time: at,
});

/** Margin that its owner moved between the cross wallet and an isolated position. */
export const marginChangeSchema = z.object({
  account: z.string(),
  tranId: id,
  symbol: z.string(),
  positionSide,
  /** Into the position when positive. */
  amount: exact,
  time: at,
});

/** One change of a resting order's price or quantity. */
export const amendmentSchema = z.object({
  account: z.string(),
  amendmentId: id,
  symbol: z.string(),
  orderId: id,
  clientOrderId: z.string(),
  priceBefore: exact,
  priceAfter: exact,
  quantityBefore: exact,
  quantityAfter: exact,
  /** How often the order was amended by then. */
  count: z.int().positive(),
  time: at,
});

/** The highest id of each kind that was ever given, so that none is given twice when its record is gone. */
export const countersSchema = z.object({ order: id, algo: id, trade: id, tran: id, amendment: id });

/** One settlement of a symbol's funding. */
export const fundingSchema = z.object({ symbol: z.string(), fundingTime: at, rate: exact, mark: exact });

/** As in exchangeInfo. PENDING_TRADING: halted, or not yet begun. PRE_SETTLE: about to be delisted, closing only. SETTLING and CLOSE: delisted. */
export const symbolStatusSchema = z.enum(['TRADING', 'PENDING_TRADING', 'PRE_SETTLE', 'SETTLING', 'CLOSE']);
export const listingSchema = z.object({ symbol: z.string(), status: symbolStatusSchema, since: at.default(0) });

export type SymbolStatus = z.infer<typeof symbolStatusSchema>;
export type Listing = Readonly<z.infer<typeof listingSchema>>;
export type Side = z.infer<typeof sideSchema>;
export type PositionSide = z.infer<typeof positionSideSchema>;
export type TimeInForce = z.infer<typeof timeInForceSchema>;
export type AlgoType = z.infer<typeof algoTypeSchema>;
export type WorkingType = z.infer<typeof workingTypeSchema>;
export type MarginType = z.infer<typeof marginTypeSchema>;
export type Account = Readonly<z.infer<typeof accountSchema>>;
export type Settings = Readonly<z.infer<typeof settingsSchema>>;
export type Position = Readonly<z.infer<typeof positionSchema>>;
export type Order = Readonly<z.infer<typeof orderSchema>>;
export type Trade = Readonly<z.infer<typeof tradeSchema>>;
export type Algo = Readonly<z.infer<typeof algoSchema>>;
export type Income = Readonly<z.infer<typeof incomeSchema>>;
export type MarginChange = Readonly<z.infer<typeof marginChangeSchema>>;
export type AmendmentRecord = Readonly<z.infer<typeof amendmentSchema>>;
export type Counters = Readonly<z.infer<typeof countersSchema>>;
export type Funding = Readonly<z.infer<typeof fundingSchema>>;
