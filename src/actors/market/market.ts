/** What the market is now: streams for prices and candles, a poll for the 24 h change, one immutable view for everybody, with the age of each part. */
import type { ActorContext, Behaviour, Outcome } from '../../supervision/behaviour.ts';
import { same } from '../../supervision/behaviour.ts';
import { isoTimeOrNull } from '../../supervision/clock.ts';
import { ACCEPTED } from '../../supervision/flow/flow-contract.ts';
import type { Ref } from '../../supervision/ref.ts';
import { text } from '../../protocol/decimal.ts';
import { Failing } from '../../protocol/failing.ts';
import type { MarketEvent, MarketView, SymbolMarket, Universe } from '../../protocol/market.ts';
import type { ExecutorMessage, FlowedMessage, GatewayMessage, MarketMessage, ReadAnswer, StandingMessage, UniverseActorMessage } from '../../protocol/messages.ts';
import type { LifeView } from '../../protocol/views.ts';
import type { SymbolName } from '../../protocol/names.ts';
import type { OpenMarketStream, VenueMarketStreams } from '../../venue/port.ts';
import { publish } from '../publish.ts';
import { CandleAges, ReceiveAges, STALE_AFTER_MS } from '../../rules/receive-ages.ts';
import { candlesToAsk } from '../../rules/request-budget.ts';
import { Histories } from './histories.ts';
import { MarketPicture } from './picture.ts';

/** Ticks are gathered and published together: a flood of them is one view (failure 75). */
const PUBLISH_MS = 250;
const READ_TIMEOUT_MS = 10_000;
const RETRY_MS = 2_000;
const CANDLES = 'the candles of a symbol';
/** How often it is told what came, be it nothing. */
const REPORT_MS = 5_000;
/** The venue changes how often a symbol is funded once in a while. */
const INTERVALS_MS = 3_600_000;

export interface MarketOptions {
  readonly streams: VenueMarketStreams;
  readonly gateway: Ref<GatewayMessage>;
  readonly tickerMs: number;
  readonly candleHistory: number;
  readonly subscribers: readonly Ref<{ readonly type: 'market-view'; readonly view: MarketView }>[];
  readonly watchdog: Ref<FlowedMessage | StandingMessage>;
  /** Told the mark price of what it guards by itself, as long as the venue takes no stop. */
  readonly executorOf: (symbol: SymbolName) => Ref<ExecutorMessage>;
  /** Told to look again when the venue says that it has changed what it lists. */
  readonly universe: Ref<UniverseActorMessage>;
}

type Internal =
  | MarketMessage
  | { readonly type: 'connection'; readonly up: boolean; readonly reason: string }
  | { readonly type: 'publish' }
  | { readonly type: 'report' }
  | { readonly type: 'poll-tickers' }
  | { readonly type: 'tickers'; readonly outcome: Outcome<ReadAnswer<'tickers'>> }
  | { readonly type: 'poll-intervals' }
  | { readonly type: 'intervals'; readonly outcome: Outcome<ReadAnswer<'fundingIntervals'>> }
  | { readonly type: 'load-candles' }
  | { readonly type: 'candles'; readonly symbol: SymbolName; readonly outcome: Outcome<ReadAnswer<'candles'>> };

interface MarketState {
  readonly picture: MarketPicture;
  universe: Universe | undefined;
  /** Symbols that hold something: they are watched as long as they do, in the universe or not. */
  readonly held: Set<SymbolName>;
  /** Of them, those whose executors guard them. */
  readonly guarded: Set<SymbolName>;
  readonly ages: ReceiveAges;
  readonly histories: Histories;
  readonly candleAges: CandleAges;
  stream: OpenMarketStream | undefined;
  up: boolean;
  lastEventAt: number | null;
  events: number;
  /** Readings that come to nothing, one after the other. */
  readonly unread: { readonly tickers: Failing; readonly intervals: Failing; readonly candles: Failing };
  /** Mark prices since the watchdog was last told. */
  prices: number;
}

type Context = ActorContext<Internal>;

export function marketBehaviour(options: MarketOptions): Behaviour<Internal, MarketState> {
  return {
    role: 'market',
    purpose: 'Knows prices, books, candles, funding and 24 h changes, and how old each is.',
    consumes: { universe: 'the symbols to watch', life: 'what is held is watched, too', 'market-event': 'one tick', connection: 'the stream went up or down', publish: 'the view is due', report: 'what came is to be told', 'poll-tickers': 'the 24 h changes are due', tickers: 'the venue\'s 24 h changes', 'poll-intervals': 'how often symbols are funded is to be asked', intervals: 'the venue\'s funding intervals', 'load-candles': 'history is due', candles: 'the venue\'s candles' },
    emits: ['market-view → generators, bridge, governor, exits, locks, readiness', 'mark → executors', 'refresh → universe', 'flowed, standing → watchdog'],
    mailbox: {
      capacity: 200,
      overflow: 'reject',
      onRestart: 'flush',
      lanes: {
        // The newest of each symbol says what it holds.
        control: { types: ['life'], capacity: 1_000, overflow: 'latest-by-key', onRestart: 'flush', key: (message) => (message as { readonly view: LifeView }).view.symbol },
        // About 3 events a symbol and second; a second of 100 symbols fits many times. The oldest tick is the least worth,
        // and no flood of them delays, or pushes out, what says which symbols to watch.
        telemetry: { types: ['market-event'], capacity: 20_000, overflow: 'drop-oldest', onRestart: 'flush' },
      },
    },
    init(ctx) {
      ctx.timers.every('publish', PUBLISH_MS, { type: 'publish' });
      ctx.timers.every('report', REPORT_MS, { type: 'report' });
      const state: MarketState = { picture: new MarketPicture(options.candleHistory), universe: undefined, held: new Set(), guarded: new Set(), ages: new ReceiveAges(), histories: new Histories(), candleAges: new CandleAges(), stream: undefined, up: false, lastEventAt: null, events: 0, unread: { tickers: new Failing(), intervals: new Failing(), candles: new Failing() }, prices: 0 };
      ctx.own(() => state.stream?.close());
      return state;
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'universe':
          state.universe = message.universe;
          follow(state, ctx);
          return same;
        case 'life': {
          const { symbol, phase, position } = message.view;
          if (position?.guard === undefined || position.guard === null) state.guarded.delete(symbol);
          else state.guarded.add(symbol);
          const holds = phase !== 'Flat';
          if (holds === state.held.has(symbol)) return same;
          if (holds) state.held.add(symbol);
          else state.held.delete(symbol);
          follow(state, ctx);
          return same;
        }
        case 'market-event':
          state.lastEventAt = ctx.clock.now();
          state.events += 1;
          if (message.event.type === 'mark') {
            state.prices += 1;
            state.ages.heard(message.event.symbol, ctx.clock.monotonic());
          }
          onEvent(state, message.event, ctx);
          return same;
        case 'connection':
          if (state.up !== message.up) ctx.log.info({ reason: message.reason }, message.up ? 'market stream is up' : 'market stream is down');
          state.up = message.up;
          return same;
        case 'publish':
          onPublish(state, ctx);
          return same;
        case 'report':
          ctx.tell(options.watchdog, { type: 'flowed', edge: 'prices', outcomes: state.prices > 0 ? { [ACCEPTED]: state.prices } : { NO_PRICE: 1 } });
          state.prices = 0;
          tellLost(state, ctx);
          fill(state, ctx);
          return same;
        case 'poll-tickers':
          ctx.ask(options.gateway, { type: 'read', name: 'tickers', query: {} }, READ_TIMEOUT_MS, (outcome) => ({ type: 'tickers', outcome }));
          return same;
        case 'tickers': {
          const failure = failureOf(message.outcome);
          noteReading(state.unread.tickers, failure, 'the 24 h changes', {}, ctx);
          if (message.outcome.ok && message.outcome.value.ok) for (const { symbol, changePercent, quoteVolume } of message.outcome.value.value) state.picture.ticker(symbol, { changePercent, quoteVolume, observedAt: ctx.clock.now() });
          ctx.timers.once('poll-tickers', failure === undefined ? options.tickerMs : RETRY_MS, { type: 'poll-tickers' });
          state.histories.answered('tickers');
          loadNext(state, ctx);
          return same;
        }
        case 'poll-intervals':
          ctx.ask(options.gateway, { type: 'read', name: 'fundingIntervals', query: {} }, READ_TIMEOUT_MS, (outcome) => ({ type: 'intervals', outcome }));
          return same;
        case 'intervals': {
          const failure = failureOf(message.outcome);
          noteReading(state.unread.intervals, failure, 'how often symbols are funded', { known: state.picture.intervalsKnown }, ctx);
          if (message.outcome.ok && message.outcome.value.ok) state.picture.intervals(message.outcome.value.value);
          ctx.timers.once('poll-intervals', failure === undefined ? INTERVALS_MS : RETRY_MS, { type: 'poll-intervals' });
          state.histories.answered('intervals');
          loadNext(state, ctx);
          return same;
        }
        case 'load-candles':
          loadNext(state, ctx);
          return same;
        case 'candles': {
          const { outcome, symbol } = message;
          state.histories.over(symbol);
          if (outcome.ok && outcome.value.ok) {
            if (state.picture.history(symbol, outcome.value.value, ctx.clock.now())) state.candleAges.heard(symbol, ctx.clock.monotonic());
            noteReading(state.unread.candles, undefined, CANDLES, {}, ctx);
            loadNext(state, ctx);
            return same;
          }
          noteReading(state.unread.candles, failureOf(outcome) ?? '', CANDLES, { symbol }, ctx);
          state.histories.want(symbol);
          ctx.timers.once('candles', RETRY_MS, { type: 'load-candles' });
          return same;
        }
      }
    },
    view: ({ picture, up, events, lastEventAt }, now) => ({ up, events, lastEventAt: isoTimeOrNull(lastEventAt), symbols: [...picture.symbols.values()].map((market) => rowOf(market, now)) }),
  };

  /** Watches what may be opened and what is held. */
  function follow(state: MarketState, ctx: Context): void {
    if (state.universe === undefined) return;
    if (!state.picture.watch([...new Set([...state.universe.instruments.keys(), ...state.held])])) return;
    state.ages.watch(state.picture.watched, ctx.clock.monotonic());
    open(state, ctx);
    ctx.timers.once('poll-tickers', 0, { type: 'poll-tickers' });
    if (!state.picture.intervalsKnown) ctx.timers.once('poll-intervals', 0, { type: 'poll-intervals' });
    for (const symbol of state.picture.unloaded) state.histories.want(symbol);
    loadNext(state, ctx);
  }

  function open(state: MarketState, ctx: Context): void {
    state.stream?.close();
    // Until the new one says otherwise.
    state.up = false;
    state.stream = options.streams.open(
      state.picture.watched,
      (event) => ctx.tell(ctx.self, { type: 'market-event', event }),
      (up, reason) => ctx.tell(ctx.self, { type: 'connection', up, reason }),
    );
  }

  function load(state: MarketState, symbol: SymbolName, ctx: Context): void {
    state.histories.want(symbol);
    loadNext(state, ctx);
  }

  /** A venue that is away fails every few seconds, and for hundreds of symbols at once: said once, and once a minute. */
  function noteReading(failing: Failing, reason: string | undefined, what: string, fields: object, ctx: Context): void {
    const now = ctx.clock.monotonic();
    if (reason === undefined) {
      const over = failing.over(now);
      if (over !== undefined) ctx.log.info({ ...over }, `${what} could be read again`);
      return;
    }
    const news = failing.failed(now, reason);
    (news === undefined ? ctx.log.debug : ctx.log.warn)({ ...fields, reason, ...news }, `${what} could not be read; trying again`);
  }

  function loadNext(state: MarketState, ctx: Context): void {
    for (const symbol of state.histories.next(new Set(state.picture.watched), state.held)) {
      ctx.ask(options.gateway, { type: 'read', name: 'candles', query: { symbol, limit: candlesToAsk(options.candleHistory) } }, READ_TIMEOUT_MS, (outcome) => ({ type: 'candles', symbol, outcome }));
    }
  }

  function onEvent(state: MarketState, event: MarketEvent, ctx: Context): void {
    if (event.type === 'listing') {
      ctx.log.info({ symbol: event.symbol, status: event.status }, 'the venue has changed what it lists');
      ctx.tell(options.universe, { type: 'refresh' });
      return;
    }
    const { newer, holed } = state.picture.take(event);
    if (newer) state.candleAges.heard(event.symbol, ctx.clock.monotonic());
    if (!holed) return;
    ctx.log.info({ symbol: event.symbol }, 'minutes are missing in the candles; reading them');
    load(state, event.symbol, ctx);
  }

  /** A stream that brings prices and no candles: REST has them, once a minute. */
  function fill(state: MarketState, ctx: Context): void {
    for (const { symbol, ageMs } of state.candleAges.missing(state.picture.watched, ctx.clock.monotonic())) {
      ctx.log.info({ symbol, ageMs: Math.round(ageMs) }, 'no candle has come for too long; reading them');
      load(state, symbol, ctx);
    }
  }

  function tellLost(state: MarketState, ctx: Context): void {
    const now = ctx.clock.monotonic();
    const alerts = state.ages.lost(now).map((symbol) => ({ name: `market-silent/${symbol}`, message: `${symbol}: nothing has been received for ${Math.round((state.ages.ageMs(symbol, now) ?? 0) / 1_000)} s, neither on a new subscription nor on another connection; nothing is opened in it. What is open stays protected by its stop at the venue.` }));
    ctx.tell(options.watchdog, { type: 'standing', from: ctx.path, alerts });
  }

  function onPublish(state: MarketState, ctx: Context): void {
    const { picture, ages } = state;
    const now = ctx.clock.monotonic();
    const { resubscribe, reconnect } = ages.remedy(now);
    if (resubscribe.length > 0) {
      ctx.log.warn({ symbols: resubscribe }, `nothing received of them for ${STALE_AFTER_MS} ms; subscribing anew`);
      state.stream?.resubscribe(resubscribe);
    }
    if (reconnect) {
      ctx.log.warn({ symbols: ages.stale(now) }, 'still nothing; opening another connection');
      open(state, ctx);
    }
    picture.silent(new Map(ages.stale(now).map((symbol) => [symbol, Math.round(ctx.clock.now() - (ages.ageMs(symbol, now) ?? 0))])));
    if (!picture.changed) return;
    picture.changed = false;
    for (const symbol of state.guarded) {
      const mark = picture.symbols.get(symbol)?.mark;
      if (mark !== undefined) ctx.tell(options.executorOf(symbol), { type: 'mark', price: mark.price, observedAt: mark.observedAt });
    }
    publish(ctx, options.subscribers, { type: 'market-view', view: { at: ctx.clock.now(), symbols: picture.symbols } });
  }
}

function failureOf(outcome: Outcome<{ readonly ok: true } | { readonly ok: false; readonly message: string }>): string | undefined {
  if (!outcome.ok) return outcome.error.message;
  return outcome.value.ok ? undefined : outcome.value.message;
}

function rowOf({ symbol, mark, book, ticker, funding, candles, statistics, silentSince }: SymbolMarket, now: number) {
  return {
    symbol,
    silentMs: silentSince === undefined ? null : now - silentSince,
    mark: mark === undefined ? null : text(mark.price),
    markObservedAt: isoTimeOrNull(mark?.observedAt),
    markAgeMs: mark === undefined ? null : now - mark.observedAt,
    bid: book === undefined ? null : text(book.bid),
    ask: book === undefined ? null : text(book.ask),
    changePercent: ticker === undefined ? null : text(ticker.changePercent),
    fundingRate: funding === undefined ? null : text(funding.rate),
    candles: candles.length,
    statistics: statistics ?? null,
  };
}
