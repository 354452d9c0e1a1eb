/** Holds the one universe that generator, bridge, governor and executors trade by: policy ∩ venue, versioned, refreshed. */
import type { ActorContext, Behaviour, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime, isoTimeOrNull } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { ERRORS, VigilError } from '../protocol/errors.ts';
import { MOST_SYMBOLS } from '../protocol/market.ts';
import type { Instrument, Ticker24h, Universe } from '../protocol/market.ts';
import { VIEW_EVERY_MS } from '../protocol/views.ts';
import type { GatewayMessage, JournalMessage, ReadAnswer, StandingMessage, UniverseActorMessage } from '../protocol/messages.ts';
import type { SymbolName } from '../protocol/names.ts';
import { readUniverse } from '../rules/universe-record.ts';
import type { RecordedUniverse } from '../rules/universe-record.ts';
import { decideUniverse, overlapOf, rulesKey, universeWithin } from '../rules/universe.ts';
import type { UniverseRules } from '../rules/universe.ts';
import { Outbox } from './outbox.ts';
import type { Recorded } from './outbox.ts';
import { publish } from './publish.ts';

const READ_TIMEOUT_MS = 15_000;
const RETRY_MS = 2_000;
const ENTITY = 'universe';

export interface UniverseOptions {
  readonly rules: UniverseRules;
  readonly minOverlap: number;
  readonly refreshMs: number;
  readonly gateway: Ref<GatewayMessage>;
  readonly journal: Ref<JournalMessage>;
  readonly subscribers: readonly Ref<{ readonly type: 'universe'; readonly universe: Universe }>[];
  /** Every symbol in the universe has an executor. */
  readonly executorOf: (symbol: SymbolName) => Ref<{ readonly type: 'universe'; readonly universe: Universe }>;
  readonly executors: () => readonly SymbolName[];
  readonly watchdog: Ref<StandingMessage>;
  /** A fault of the configuration that only the venue could show: the service refuses to run. */
  readonly refuse: (error: VigilError) => void;
}

type Listed = readonly Instrument[];
type AcceptMessage = Extract<UniverseActorMessage, { type: 'accept' }>;
type Internal =
  | UniverseActorMessage
  | { readonly type: 'instruments'; readonly outcome: Outcome<ReadAnswer<'instruments'>> }
  | { readonly type: 'tickers'; readonly instruments: Listed; readonly outcome: Outcome<ReadAnswer<'tickers'>> }
  | Recorded
  | { readonly type: 'heartbeat' };

interface UniverseState {
  universe: Universe | undefined;
  readonly outbox: Outbox;
  recorded: RecordedUniverse | undefined;
  failure: { readonly since: number; readonly reason: string } | undefined;
  /** Why the last good one is kept although the venue was asked. */
  tooLarge: string | undefined;
  asking: boolean;
  /** It was asked for once more while an answer was on its way. */
  again: boolean;
}

type Context = ActorContext<Internal>;

export function universeBehaviour(options: UniverseOptions): Behaviour<Internal, UniverseState> {
  const { rules, gateway, journal } = options;
  const key = rulesKey(rules);
  // Under these rules, over restarts too: what refuses to start must not end a service that is trading, nor keep one that has
  // crashed from what it left open.
  let determined = false;
  // The symbols of the last universe that the rules made, over restarts too; undefined: they never made one.
  let lastGood: readonly string[] | undefined;
  return {
    role: 'universe',
    purpose: 'Says which symbols may be opened: policy ∩ what the venue trades.',
    consumes: { refresh: 'ask the venue now', accept: 'what is left is taken as it is', instruments: 'what the venue lists', tickers: 'volumes, for the top list', recorded: 'the journal\'s answer', heartbeat: 'the view is due' },
    emits: ['universe → market, generators, bridge, governor, executors, readiness, reconciler', 'append → journal', 'standing → watchdog'],
    mailbox: { capacity: 100, overflow: 'reject', onRestart: 'flush' },
    async init(ctx) {
      const entries = await ctx.ask(journal, { type: 'read', entity: ENTITY }, 8_000);
      ctx.timers.once('refresh', 0, { type: 'refresh' });
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      const all = entries.map(readUniverse);
      const recorded = all.at(-1);
      const made = all.filter((one) => one.rules === key);
      determined ||= made.length > 0;
      // One of none, or of more than can be followed, is nothing to stay with.
      lastGood ??= made.findLast(({ symbols }) => symbols.length > 0 && symbols.length <= MOST_SYMBOLS)?.symbols;
      return { universe: undefined, outbox: new Outbox(ENTITY, journal, entries), recorded, failure: undefined, tooLarge: undefined, asking: false, again: false };
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'refresh':
          state.again = state.asking;
          if (state.asking) return same;
          state.asking = true;
          ctx.ask(gateway, { type: 'read', name: 'instruments', query: {} }, READ_TIMEOUT_MS, (outcome) => ({ type: 'instruments', outcome }));
          return same;
        case 'accept':
          accept(state, message, ctx);
          return same;
        case 'instruments': {
          if (!message.outcome.ok) failed(state, message.outcome.error.message, ctx);
          else if (!message.outcome.value.ok) failed(state, message.outcome.value.message, ctx);
          else {
            const instruments = message.outcome.value.value;
            if (rules.policy !== undefined || rules.chosen !== undefined) decide(state, instruments, [], ctx);
            else ctx.ask(gateway, { type: 'read', name: 'tickers', query: {} }, READ_TIMEOUT_MS, (outcome) => ({ type: 'tickers', instruments, outcome }));
          }
          return same;
        }
        case 'tickers':
          if (!message.outcome.ok) failed(state, message.outcome.error.message, ctx);
          else if (!message.outcome.value.ok) failed(state, message.outcome.value.message, ctx);
          else decide(state, message.instruments, message.outcome.value.value, ctx);
          return same;
        case 'recorded': {
          const refused = state.outbox.answered(message);
          if (refused?.news === true) ctx.log.warn({ reason: refused.failure }, 'the journal has not taken the universe; it is handed in again');
          return same;
        }
        case 'heartbeat':
          // The last one once more: each says everything, and this one that nothing before it is needed.
          state.outbox.putSnapshotIfDue(ctx.clock.now(), () => state.recorded);
          state.outbox.flush(ctx);
          publishView(state, ctx);
          return same;
      }
    },
    owes: (state) => state.outbox.names(),
    view: ({ universe, failure }) => ({
      version: universe?.version ?? null,
      observedAt: isoTimeOrNull(universe?.observedAt),
      /** Since when this is the last good one, because the venue cannot be asked. */
      keptSince: isoTimeOrNull(failure?.since),
      symbols: universe === undefined ? [] : [...universe.instruments.keys()],
      excluded: universe?.excluded ?? [],
      overlap: universe?.overlap ?? null,
      breaker: universe?.breaker ?? null,
      lastFailure: failure?.reason ?? null,
    }),
  };

  function publishView(state: UniverseState, ctx: Context): void {
    ctx.tell(options.watchdog, { type: 'standing', from: 'universe', alerts: alertsOf(state) });
    const { universe } = state;
    if (universe === undefined) return;
    const members = [...new Set([...universe.instruments.keys(), ...options.executors()])].map(options.executorOf);
    publish(ctx, [...options.subscribers, ...members], { type: 'universe', universe });
  }

  function failed(state: UniverseState, reason: string, ctx: Context): void {
    state.asking = false;
    // Said once; as long as nothing changes, a retry is no news.
    const tell = reason === state.failure?.reason ? ctx.log.debug : ctx.log.warn;
    state.failure = { since: state.failure?.since ?? ctx.clock.now(), reason };
    tell({ reason, version: state.universe?.version ?? null }, state.universe === undefined ? 'the venue cannot be asked for its symbols; trying again' : 'the venue cannot be asked for its symbols; the last good universe stays');
    if (state.universe !== undefined) state.universe = { ...state.universe, kept: state.failure };
    ctx.timers.once('refresh', RETRY_MS, { type: 'refresh' });
  }

  function decide(state: UniverseState, listed: Listed, tickers: readonly Ticker24h[], ctx: Context): void {
    state.asking = false;
    state.failure = undefined;
    ctx.timers.once('refresh', state.again ? 0 : options.refreshMs, { type: 'refresh' });
    const decision = decideUniverse(rules, listed, tickers);
    if (decision.ok) {
      determined = true;
      if (state.tooLarge !== undefined) ctx.log.info({ symbols: decision.instruments.size }, 'the policy fits again');
      state.tooLarge = undefined;
      lastGood = [...decision.instruments.keys()];
      return determine(state, decision.instruments, decision.excluded, listed, ctx);
    }
    if (decision.code === 'UNIVERSE_TOO_LARGE' && determined) return keepWithin(state, lastGood ?? (rules.policy ?? []).slice(0, MOST_SYMBOLS), decision.message, listed, ctx);
    if (!determined) return options.refuse(new VigilError(decision.code, decision.message));
    // Already trading: what has left the venue is closed to openings; what is open stays managed.
    ctx.log.error({ code: decision.code, message: decision.message }, 'the configured universe no longer holds; openings stop for what is missing');
    const rest = decideUniverse({ ...rules, policy: rules.chosen ?? rules.policy, chosen: undefined }, listed, tickers);
    return rest.ok ? determine(state, rest.instruments, rest.excluded, listed, ctx) : determine(state, new Map(), [], listed, ctx);
  }

  /** The venue has begun to trade more of the policy than can be followed: no reason to stop with what is traded already. */
  function keepWithin(state: UniverseState, before: readonly string[], message: string, listed: Listed, ctx: Context): void {
    if (state.tooLarge === undefined) ctx.log.error({ code: 'UNIVERSE_TOO_LARGE', message }, 'the policy has outgrown what can be followed; the last good universe stays');
    state.tooLarge = message;
    const kept = universeWithin(before, rules, listed);
    return kept.ok ? determine(state, kept.instruments, kept.excluded, listed, ctx) : determine(state, new Map(), [], listed, ctx);
  }

  function determine(state: UniverseState, instruments: Universe['instruments'], excluded: Universe['excluded'], listed: Listed, ctx: Context): void {
    const symbols = [...instruments.keys()];
    const { recorded } = state;
    // The same symbols are the same version, over restarts too, in whatever order the venue puts them today.
    const changed = symbols.toSorted().join() !== recorded?.symbols.toSorted().join();
    const version = (recorded?.version ?? 0) + (changed ? 1 : 0);
    const overlap = overlapOf(recorded?.rules === key ? (recorded.largest ?? 0) : 0, symbols.length, options.minOverlap);
    const before = state.universe;
    state.universe = { version, observedAt: ctx.clock.now(), instruments, listed: new Map(listed.map((one) => [one.symbol, one])), excluded, overlap: overlap.share, breaker: overlap.breaker };
    if (changed || recorded?.rules !== key || recorded.largest !== overlap.largest) keep(state, { version, symbols, largest: overlap.largest, rules: key, excluded }, ctx);
    if (changed || before === undefined) {
      ctx.log.info({ version, symbols, excluded }, `universe ${version}: ${symbols.length} symbols`);
      for (const one of excluded) ctx.log.warn({ ...one }, `${one.symbol} is left out: ${one.detail}`);
    }
    if (overlap.breaker !== (before?.breaker ?? 'closed')) ctx.log.error({ overlap: overlap.share, largest: overlap.largest, symbols }, overlap.breaker === 'open' ? `of ${overlap.largest} symbols ${symbols.length} are left: nothing is opened` : 'enough symbols are back: openings are allowed again');
    publishView(state, ctx);
  }

  function keep(state: UniverseState, next: RecordedUniverse, ctx: Context): void {
    state.recorded = next;
    state.outbox.put('UniverseDetermined', ctx.clock.now(), next);
    state.outbox.flush(ctx);
  }

  /** An operator says that what is left is what there is. */
  function accept(state: UniverseState, message: AcceptMessage, ctx: Context): void {
    const answer = ctx.answering(message);
    const { universe, recorded } = state;
    const { reason, by } = message;
    if (universe === undefined || recorded === undefined) return answer({ ok: false, message: 'the universe has not been determined yet' });
    if (universe.instruments.size === 0) return answer({ ok: false, message: 'nothing is left that could be accepted' });
    state.universe = { ...universe, overlap: 1, breaker: 'closed' };
    keep(state, { ...recorded, largest: universe.instruments.size, rules: key, excluded: universe.excluded, accepted: { reason, by } }, ctx);
    ctx.log.warn({ reason, by, symbols: [...universe.instruments.keys()] }, `universe ${universe.version} is accepted with ${universe.instruments.size} symbols`);
    publishView(state, ctx);
    answer({ ok: true, version: universe.version });
  }
}

function alertsOf({ universe, failure, tooLarge }: UniverseState): StandingMessage['alerts'] {
  const alerts: { name: string; message: string }[] = [];
  if (universe?.breaker === 'open') alerts.push({ name: 'universe-shrunk', message: `${universe.instruments.size} symbols are left, ${Math.round(universe.overlap * 100)} % of what there was: nothing is opened` });
  if (failure !== undefined) alerts.push({ name: 'universe-kept', message: `since ${isoTime(failure.since)} the venue cannot be asked for its symbols: ${failure.reason}` });
  if (tooLarge !== undefined) alerts.push({ name: 'universe-too-large', message: `the last good universe stays, and what came later is left out: ${tooLarge}. ${ERRORS.UNIVERSE_TOO_LARGE.remedy}` });
  const lacking = universe?.excluded.filter((one) => one.reason !== 'NOT_CHOSEN' && one.reason !== 'TOO_MANY') ?? [];
  if (lacking.length > 0) alerts.push({ name: 'universe-incomplete', message: lacking.map((one) => `${one.symbol} is left out: ${one.detail}`).join('; ') });
  return alerts;
}
