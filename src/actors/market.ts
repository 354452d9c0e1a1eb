/** What the market is now: streams for prices and candles, a poll for the 24 h change, one immutable view for everybody, with the age of each part. */
import type { Behaviour, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime, isoTimeOrNull } from '../supervision/clock.ts';
import { ACCEPTED } from '../supervision/flow/flow-contract.ts';
import type { Ref } from '../supervision/ref.ts';
import { text } from '../protocol/decimal.ts';
import type { Candle, MarketEvent, MarketView, SymbolMarket, Universe } from '../protocol/market.ts';
import type { FlowedMessage, GatewayMessage, MarketMessage, ReadAnswer } from '../protocol/messages.ts';
import type { SymbolName } from '../protocol/names.ts';
import type { OpenStream, VenueMarketStreams } from '../venue/port.ts';
import { publish } from './publish.ts';

/** Ticks are gathered and published together: a flood of them is one view (failure 75). */
const PUBLISH_MS = 250;
const READ_TIMEOUT_MS = 10_000;
const RETRY_MS = 2_000;
/** All symbols silent this long: the subscription is made anew, in case the socket only looks alive. */
const SILENCE_MS = 30_000;
/** How often it is told what came, be it nothing. */
const REPORT_MS = 5_000;

export interface MarketOptions {
  readonly streams: VenueMarketStreams;
  readonly gateway: Ref<GatewayMessage>;
  readonly tickerMs: number;
  readonly candleHistory: number;
  readonly subscribers: readonly Ref<{ readonly type: 'market-view'; readonly view: MarketView }>[];
  readonly watchdog: Ref<FlowedMessage>;
}

type Internal =
  | MarketMessage
  | { readonly type: 'connection'; readonly up: boolean; readonly reason: string }
  | { readonly type: 'publish' }
  | { readonly type: 'report' }
  | { readonly type: 'poll-tickers' }
  | { readonly type: 'tickers'; readonly outcome: Outcome<ReadAnswer<'tickers'>> }
  | { readonly type: 'load-candles'; readonly symbol: SymbolName }
  | { readonly type: 'candles'; readonly symbol: SymbolName; readonly outcome: Outcome<ReadAnswer<'candles'>> };

interface SymbolState {
  /** At most `candleHistory` candles. */
  market: SymbolMarket;
  loaded: boolean;
}

interface MarketState {
  symbols: Map<SymbolName, SymbolState>;
  stream: OpenStream | undefined;
  up: boolean;
  lastEventAt: number;
  changed: boolean;
  events: number;
  /** Of them, those the watchdog has been told of. */
  reported: number;
}

export function marketBehaviour(options: MarketOptions): Behaviour<Internal, MarketState> {
  return {
    role: 'market',
    purpose: 'Knows prices, books, candles and 24 h changes, and how old each is.',
    consumes: { universe: 'the symbols to watch', 'market-event': 'one tick', connection: 'the stream went up or down', publish: 'the view is due', report: 'what came is to be told', 'poll-tickers': 'the 24 h changes are due', tickers: 'the venue\'s 24 h changes', 'load-candles': 'history is due', candles: 'the venue\'s candles' },
    emits: ['market-view → generators, bridge, governor, exits, readiness', 'flowed → watchdog'],
    mailbox: {
      capacity: 100,
      overflow: 'reject',
      onRestart: 'flush',
      // About 3 events a symbol and second; a second of 100 symbols fits many times. The oldest tick is the least worth,
      // and no flood of them delays, or pushes out, what says which symbols to watch.
      lanes: { telemetry: { types: ['market-event'], capacity: 20_000, overflow: 'drop-oldest', onRestart: 'flush' } },
    },
    init(ctx) {
      ctx.timers.every('publish', PUBLISH_MS, { type: 'publish' });
      ctx.timers.every('report', REPORT_MS, { type: 'report' });
      return { symbols: new Map(), stream: undefined, up: false, lastEventAt: ctx.clock.now(), changed: false, events: 0, reported: 0 };
    },
    receive(state, message, ctx) {
      const open = () => {
        state.stream?.close();
        state.lastEventAt = ctx.clock.now();
        const stream = options.streams.open(
          [...state.symbols.keys()],
          (event) => ctx.tell(ctx.self, { type: 'market-event', event }),
          (up, reason) => ctx.tell(ctx.self, { type: 'connection', up, reason }),
        );
        state.stream = stream;
        ctx.own(() => stream.close());
      };
      switch (message.type) {
        case 'universe': {
          const wanted = [...message.universe.instruments.keys()];
          if (wanted.length === state.symbols.size && wanted.every((symbol) => state.symbols.has(symbol))) return same;
          watch(state, message.universe);
          open();
          ctx.timers.once('poll-tickers', 0, { type: 'poll-tickers' });
          for (const [symbol, known] of state.symbols) if (!known.loaded) ctx.timers.once(`candles:${symbol}`, 0, { type: 'load-candles', symbol });
          return same;
        }
        case 'market-event':
          state.lastEventAt = ctx.clock.now();
          state.events += 1;
          take(state, message.event, options.candleHistory);
          return same;
        case 'connection':
          if (state.up !== message.up) ctx.log.info({ reason: message.reason }, message.up ? 'market stream is up' : 'market stream is down');
          state.up = message.up;
          return same;
        case 'publish': {
          if (state.symbols.size > 0 && ctx.clock.now() - state.lastEventAt > SILENCE_MS) {
            ctx.log.warn({ silentMs: ctx.clock.now() - state.lastEventAt }, 'no price of any symbol; subscribing anew');
            open();
          }
          if (!state.changed) return same;
          state.changed = false;
          const view: MarketView = { at: ctx.clock.now(), symbols: new Map([...state.symbols].map(([symbol, known]) => [symbol, known.market])) };
          publish(ctx, options.subscribers, { type: 'market-view', view });
          return same;
        }
        case 'report':
          ctx.tell(options.watchdog, { type: 'flowed', edge: 'prices', outcomes: state.events > state.reported ? { [ACCEPTED]: state.events - state.reported } : { NO_PRICE: 1 } });
          state.reported = state.events;
          return same;
        case 'poll-tickers':
          ctx.ask(options.gateway, { type: 'read', name: 'tickers', query: {} }, READ_TIMEOUT_MS, (outcome) => ({ type: 'tickers', outcome }));
          return same;
        case 'tickers': {
          const { outcome } = message;
          const ok = outcome.ok && outcome.value.ok;
          if (!ok) ctx.log.warn({ reason: outcome.ok ? (outcome.value.ok ? '' : outcome.value.message) : outcome.error.message }, 'the 24 h changes could not be read');
          else if (outcome.value.ok) {
            for (const ticker of outcome.value.value) change(state, ticker.symbol, { ticker: { changePercent: ticker.changePercent, quoteVolume: ticker.quoteVolume, observedAt: ctx.clock.now() } });
          }
          ctx.timers.once('poll-tickers', ok ? options.tickerMs : RETRY_MS, { type: 'poll-tickers' });
          return same;
        }
        case 'load-candles':
          ctx.ask(options.gateway, { type: 'read', name: 'candles', query: { symbol: message.symbol, limit: options.candleHistory } }, READ_TIMEOUT_MS, (outcome) => ({ type: 'candles', symbol: message.symbol, outcome }));
          return same;
        case 'candles': {
          const { outcome, symbol } = message;
          if (outcome.ok && outcome.value.ok) load(state, symbol, outcome.value.value, options.candleHistory);
          else ctx.timers.once(`candles:${symbol}`, RETRY_MS, { type: 'load-candles', symbol });
          return same;
        }
      }
    },
    view: (state, now) => ({
      up: state.up,
      events: state.events,
      lastEventAt: isoTime(state.lastEventAt),
      symbols: [...state.symbols.values()].map(({ market }) => ({
        symbol: market.symbol,
        mark: market.mark === undefined ? null : text(market.mark.price),
        markObservedAt: isoTimeOrNull(market.mark?.observedAt),
        markAgeMs: market.mark === undefined ? null : now - market.mark.observedAt,
        bid: market.book === undefined ? null : text(market.book.bid),
        ask: market.book === undefined ? null : text(market.book.ask),
        changePercent: market.ticker === undefined ? null : text(market.ticker.changePercent),
        candles: market.candles.length,
      })),
    }),
  };
}

function watch(state: MarketState, universe: Universe): void {
  const before = state.symbols;
  state.symbols = new Map([...universe.instruments.keys()].map((symbol) => [symbol, before.get(symbol) ?? { market: { symbol, candles: [] }, loaded: false }]));
  state.changed = true;
}

function change(state: MarketState, symbol: SymbolName, part: Partial<SymbolMarket>): void {
  const known = state.symbols.get(symbol);
  if (known === undefined) return;
  known.market = { ...known.market, ...part };
  state.changed = true;
}

function take(state: MarketState, event: MarketEvent, keep: number): void {
  const { symbol, observedAt } = event;
  const known = state.symbols.get(symbol)?.market;
  // The streams before and after a new subscription may overlap: what is older than what is known says nothing.
  const isOld = (part: { readonly observedAt: number } | undefined) => part !== undefined && part.observedAt > observedAt;
  if (event.type === 'mark') {
    if (!isOld(known?.mark)) change(state, symbol, { mark: { price: event.price, observedAt } });
  } else if (event.type === 'book') {
    if (!isOld(known?.book)) change(state, symbol, { book: { bid: event.bid, ask: event.ask, observedAt } });
  } else if (event.type === 'candle' && event.candle.closed) load(state, symbol, [event.candle], keep);
}

function load(state: MarketState, symbol: SymbolName, candles: readonly Candle[], keep: number): void {
  const known = state.symbols.get(symbol);
  if (known === undefined) return;
  known.loaded = true;
  const byTime = new Map([...known.market.candles, ...candles.filter((candle) => candle.closed)].map((candle) => [candle.openTime, candle]));
  change(state, symbol, { candles: [...byTime.values()].toSorted((a, b) => a.openTime - b.openTime).slice(-keep) });
}
