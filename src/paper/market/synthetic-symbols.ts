/** The symbols of the synthetic market, with the price, digits and turnover their live counterparts have: the built-in ones, or any number from a file. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { decimal, decimalString, isMultipleOf } from '../../protocol/decimal.ts';

const positive = decimalString.refine((value) => !/^-|^0+(\.0+)?$/.test(value), 'expected a decimal number above zero as a string, such as "0.00862"');

const syntheticSymbolSchema = z
  .strictObject({
    symbol: z.string().regex(/^[\p{L}\p{N}]{1,30}USDT$/u, 'expected letters and digits that end in USDT, such as "BTCUSDT"'),
    price: positive,
    tickSize: positive,
    stepSize: positive,
    /** USDT a day. */
    dayTurnover: z.number().positive().max(1e12),
    /** USDT; left out: 5. */
    minNotional: positive.optional(),
    /** Left out: worth about 10 million USDT, and a tenth of it for market orders. */
    maxQty: positive.optional(),
    marketMaxQty: positive.optional(),
    /** Its share of what moves all symbols; left out: 1. */
    beta: z.number().min(-5).max(5).optional(),
    /** Size of its own moves; left out: 1, a deviation of 0.04 % a minute. */
    volatility: z.number().min(0).max(10).optional(),
  })
  .refine(({ price, tickSize }) => isMultipleOf(decimal(price), decimal(tickSize)), { path: ['price'], error: 'expected a whole number of ticks' });
export type SyntheticSymbol = Readonly<z.infer<typeof syntheticSymbolSchema>>;

const fileSchema = z.array(syntheticSymbolSchema).min(1, 'expected at least one symbol');

/** A file of symbols cannot be used: says where, what and what is expected. */
export class SymbolsError extends Error {}

/** Reads a JSON array of symbols. @throws SymbolsError */
export function readSymbols(file: string): SyntheticSymbol[] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new SymbolsError(`cannot read the symbols in ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const parsed = fileSchema.safeParse(value, { reportInput: true });
  if (!parsed.success) throw new SymbolsError(`${file}: ${parsed.error.issues.map((issue) => `${issue.path.join('.') || 'file'}: ${issue.message}, got ${JSON.stringify(issue.input) ?? 'nothing'}`).join('; ')}`);
  const names = parsed.data.map(({ symbol }) => symbol);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new SymbolsError(`${file}: symbol ${twice} is there twice, expected each symbol once`);
  return parsed.data;
}

/** Filters as on the live symbols. Those at the end came later: the place in the list decides what a seed makes of a symbol. */
export const SYNTHETIC_SYMBOLS: readonly SyntheticSymbol[] = [
  { symbol: 'ANKRUSDT', price: '0.0083', tickSize: '0.00001', stepSize: '1', dayTurnover: 6_000_000 },
  { symbol: 'ARCUSDT', price: '0.045', tickSize: '0.00001', stepSize: '1', dayTurnover: 90_000_000 },
  { symbol: 'CHESSUSDT', price: '0.03', tickSize: '0.00001', stepSize: '1', dayTurnover: 8_000_000 },
  { symbol: 'FHEUSDT', price: '0.04', tickSize: '0.00001', stepSize: '1', dayTurnover: 70_000_000 },
  { symbol: 'GPSUSDT', price: '0.0086', tickSize: '0.000001', stepSize: '1', dayTurnover: 25_000_000 },
  { symbol: 'HYPEUSDT', price: '33.7', tickSize: '0.001', stepSize: '0.01', dayTurnover: 1_200_000_000 },
  { symbol: 'RIVERUSDT', price: '13.9', tickSize: '0.001', stepSize: '0.1', dayTurnover: 150_000_000 },
  { symbol: 'STABLEUSDT', price: '0.0144', tickSize: '0.00001', stepSize: '1', dayTurnover: 80_000_000 },
  { symbol: '币安人生USDT', price: '0.13', tickSize: '0.00001', stepSize: '1', dayTurnover: 60_000_000 },
  { symbol: 'BTCUSDT', price: '86500', tickSize: '0.1', stepSize: '0.001', dayTurnover: 18_000_000_000, minNotional: '100', maxQty: '1000', marketMaxQty: '120', beta: 0.8, volatility: 0.3 },
  { symbol: 'ETHUSDT', price: '2830', tickSize: '0.01', stepSize: '0.001', dayTurnover: 14_000_000_000, minNotional: '20', maxQty: '10000', marketMaxQty: '2000', beta: 1.1, volatility: 0.5 },
  { symbol: 'BNBUSDT', price: '845', tickSize: '0.01', stepSize: '0.01', dayTurnover: 900_000_000, maxQty: '10000', marketMaxQty: '2000', beta: 0.8, volatility: 0.5 },
  { symbol: 'SOLUSDT', price: '128.5', tickSize: '0.01', stepSize: '0.01', dayTurnover: 4_000_000_000, maxQty: '1000000', marketMaxQty: '80000', beta: 1.2, volatility: 0.7 },
  { symbol: 'XRPUSDT', price: '2.04', tickSize: '0.0001', stepSize: '0.1', dayTurnover: 1_500_000_000, maxQty: '10000000', marketMaxQty: '2000000', volatility: 0.7 },
  { symbol: 'DOGEUSDT', price: '0.1432', tickSize: '0.00001', stepSize: '1', dayTurnover: 900_000_000, maxQty: '50000000', marketMaxQty: '30000000', beta: 1.2, volatility: 0.8 },
];
