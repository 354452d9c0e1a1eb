/** The paper exchange's own endpoints under /paper/v1/, for tests and checkers on this machine: price, clock, faults and the whole truth. */
import { z } from 'zod';
import { decimal, decimalString, text } from '../../protocol/decimal.ts';
import { accountMargin } from '../core/margin.ts';
import type { AccountState } from '../core/state.ts';
import type { StreamFaults } from '../streams/stream-faults.ts';
import type { PaperVenue } from '../venue.ts';
import type { WireAnswer, WireRequest } from '../wire/dispatch.ts';
import { positionRiskV3, symbolConfigRow } from '../wire/position-shapes.ts';
import { algoRow, orderRow, tradeRow } from '../wire/shapes.ts';
import { BadBody, failed, ok, read } from './answers.ts';
import { faultSchema, type Faults } from './faults.ts';
import { streamFaultAnswer } from './stream-faults.ts';

export const CONTROL_PREFIX = '/paper/v1/';

const MAX_CLOCK_OFFSET_MS = 86_400_000;
const priceSchema = z.strictObject({ symbol: z.string(), price: decimalString });
const clockSchema = z.strictObject({ offsetMs: z.int().min(-MAX_CLOCK_OFFSET_MS).max(MAX_CLOCK_OFFSET_MS) });

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}

function accountTruth(venue: PaperVenue, own: AccountState): Record<string, unknown> {
  const row = (algo: Parameters<typeof algoRow>[0]) => algoRow(algo, algo.actualOrderId === null ? undefined : own.orders.get(algo.actualOrderId));
  return {
    apiKey: own.account.apiKey,
    walletBalance: text(own.account.wallet),
    positions: accountMargin(venue.state, own)
      .positions.filter(({ position }) => !position.amount.isZero())
      .map((position) => ({ ...positionRiskV3(position), ...symbolConfigRow(own, position.position.symbol) })),
    openOrders: [...own.openOrders.values()].map(orderRow),
    openAlgoOrders: [...own.openAlgos.values()].map(row),
    orders: [...own.orders.values()].map(orderRow),
    algoOrders: [...own.algos.values()].map(row),
    trades: own.trades.map(tradeRow),
  };
}

export class Control {
  readonly #venue: PaperVenue;
  readonly #faults: Faults;
  readonly #streamFaults: StreamFaults;

  constructor(venue: PaperVenue, faults: Faults, streamFaults: StreamFaults) {
    this.#venue = venue;
    this.#faults = faults;
    this.#streamFaults = streamFaults;
  }

  answer(request: WireRequest): WireAnswer {
    if (!isLoopback(request.address)) return failed(403, 'CONTROL_FOREIGN_ADDRESS', 'the control of the paper exchange answers on loopback only');
    try {
      return this.#run(request);
    } catch (error) {
      if (error instanceof BadBody || error instanceof RangeError) return failed(400, 'CONTROL_BAD_REQUEST', error.message);
      throw error;
    }
  }

  #run({ method, path, body }: WireRequest): WireAnswer {
    const name = path.slice(CONTROL_PREFIX.length);
    if (/^streams(\/|$)/.test(name)) return streamFaultAnswer(this.#streamFaults, method, name, body);
    switch (`${method} ${name}`) {
      case 'GET truth':
        return ok({ now: this.#venue.now(), accounts: [...this.#venue.state.accounts.values()].map((own) => accountTruth(this.#venue, own)) });
      case 'POST price': {
        const { symbol, price } = read(priceSchema, body);
        const view = this.#venue.market.moveTo(symbol, decimal(price));
        return ok({ symbol, last: text(view.last), mark: text(view.mark), bid: text(view.bid), ask: text(view.ask) });
      }
      case 'POST clock':
        this.#venue.clockOffsetMs = read(clockSchema, body).offsetMs;
        return ok({ offsetMs: this.#venue.clockOffsetMs, now: this.#venue.now() });
      case 'POST faults':
        return ok({ id: this.#faults.add(read(faultSchema, body)) });
      case 'GET faults':
        return ok({ faults: this.#faults.list() });
      case 'DELETE faults':
        this.#faults.remove(null);
        return ok({});
      default:
        if (method === 'DELETE' && name.startsWith('faults/')) {
          const id = name.slice('faults/'.length);
          return this.#faults.remove(id) ? ok({}) : failed(404, 'CONTROL_UNKNOWN_FAULT', `no fault ${JSON.stringify(id)}`);
        }
        return failed(404, 'CONTROL_UNKNOWN_PATH', `${method} ${path} is not an endpoint of the paper exchange's control`);
    }
  }
}
