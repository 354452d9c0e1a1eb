/** Answers as the venue gives them, and the adapter under test pointed at a stub of it. */
import { inspect } from 'node:util';
import { decimal } from '../../src/protocol/decimal.ts';
import type { ClientId, SymbolName } from '../../src/protocol/names.ts';
import type { VenueWrite } from '../../src/protocol/venue.ts';
import type { Clock } from '../../src/supervision/clock.ts';
import { systemClock } from '../../src/supervision/clock.ts';
import type { CallTimeouts } from '../../src/venue/binance-client.ts';
import { createBinanceVenue } from '../../src/venue/binance-venue.ts';
import type { Venue } from '../../src/venue/port.ts';
import type { StubVenue } from './stub-venue.ts';
import { Arrivals } from './stub-venue.ts';

export const API_KEY = 'KeyKeyKeyKeyKey0123456789abcdefghijklmnop';
export const API_SECRET = 'SecretSecretSecret0123456789+/zyxwvutsrqp';
export const LISTEN_KEY = 'ListenKeyListenKey0123456789abcdef';

export const GPS = 'GPSUSDT' as SymbolName;
export const BINANCE_LIFE = '币安人生USDT' as SymbolName;
export const ID = 'x-15PC4ZJyVGL1abcdef0123' as ClientId;

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

export interface VenueUnderTest extends Venue {
  readonly lines: Arrivals<LogLine>;
}

export function venueOn(stub: StubVenue, options: { clock?: Clock; offsetMs?: () => number; timeouts?: CallTimeouts } = {}): VenueUnderTest {
  const lines = new Arrivals<LogLine>();
  const venue = createBinanceVenue({
    endpoint: stub.endpoint,
    armed: undefined,
    credentials: { apiKey: API_KEY, apiSecret: API_SECRET },
    clock: options.clock ?? systemClock,
    offsetMs: options.offsetMs ?? (() => 0),
    log: (level, message, fields) => lines.push({ level, message, fields: fields ?? {} }),
    ...(options.timeouts === undefined ? {} : { timeouts: options.timeouts }),
  });
  return { ...venue, lines };
}

export const writes = {
  open: { kind: 'OPEN', symbol: GPS, clientId: ID, side: 'BUY', quantity: decimal('23207'), price: decimal('0.00862') },
  close: { kind: 'CLOSE', symbol: GPS, clientId: ID, side: 'SELL', quantity: decimal('23207') },
  stop: { kind: 'PROTECT', symbol: GPS, clientId: ID, side: 'SELL', leg: 'stop', quantity: decimal('23207'), triggerPrice: decimal('0.0000001') },
  cancel: { kind: 'CANCEL', symbol: GPS, clientId: ID, of: 'order' },
  cancelAlgo: { kind: 'CANCEL', symbol: GPS, clientId: ID, of: 'algo' },
  leverage: { kind: 'CONFIGURE', symbol: GPS, clientId: ID, setting: 'leverage', leverage: 2 },
  marginMode: { kind: 'CONFIGURE', symbol: GPS, clientId: ID, setting: 'marginMode', marginMode: 'ISOLATED' },
} as const satisfies Record<string, VenueWrite>;

/** POST answers carry neither avgPrice nor cumQuote since July 2026. */
export function orderAnswer(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    orderId: 8886774, symbol: GPS, status: 'FILLED', clientOrderId: ID, price: '0.00862', origQty: '23207', executedQty: '23207', cumQty: '23207', timeInForce: 'IOC', type: 'LIMIT',
    reduceOnly: false, closePosition: false, side: 'BUY', positionSide: 'BOTH', stopPrice: '0', workingType: 'CONTRACT_PRICE', origType: 'LIMIT', updateTime: 1_770_000_000_000, ...changes,
  };
}

export function algoAnswer(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    algoId: 2146760, clientAlgoId: ID, algoType: 'CONDITIONAL', orderType: 'STOP_MARKET', symbol: GPS, side: 'SELL', positionSide: 'BOTH', timeInForce: 'GTC', quantity: '23207',
    algoStatus: 'NEW', triggerPrice: '0.00811', price: '0', workingType: 'MARK_PRICE', closePosition: false, reduceOnly: true, actualOrderId: '', createTime: 1_770_000_000_000, updateTime: 1_770_000_000_000, ...changes,
  };
}

export function tradeAnswer(id: number, time: number): Record<string, unknown> {
  return { symbol: GPS, id, orderId: 8886774, side: 'BUY', price: '0.00862', qty: '10', realizedPnl: '0', quoteQty: '0.0862', commission: '0.00004', commissionAsset: 'USDT', time, positionSide: 'BOTH', maker: false, buyer: true };
}

/** Everything one could find in `value` by looking, properties that are not enumerable included. */
export function everythingIn(value: unknown): string {
  return `${JSON.stringify(value)} ${inspect(value, { depth: Infinity, showHidden: true, maxStringLength: Infinity, maxArrayLength: Infinity })}`;
}
