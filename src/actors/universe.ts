/** Holds the one universe that generator, bridge, governor and executors trade by: policy ∩ venue, versioned, refreshed. */
import type { Behaviour, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTimeOrNull } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { VigilError } from '../protocol/errors.ts';
import type { Instrument, Ticker24h, Universe } from '../protocol/market.ts';
import { VIEW_EVERY_MS } from '../protocol/messages.ts';
import type { GatewayMessage, JournalAnswer, JournalMessage, ReadAnswer, UniverseActorMessage } from '../protocol/messages.ts';
import type { SymbolName } from '../protocol/names.ts';
import { decideUniverse } from '../rules/universe.ts';
import type { UniverseRules } from '../rules/universe.ts';
import { draft } from './journal.ts';
import { publish } from './publish.ts';

const READ_TIMEOUT_MS = 15_000;
const RETRY_MS = 2_000;
const ENTITY = 'universe';

export interface UniverseOptions {
  readonly rules: UniverseRules;
  readonly refreshMs: number;
  readonly gateway: Ref<GatewayMessage>;
  readonly journal: Ref<JournalMessage>;
  readonly subscribers: readonly Ref<{ readonly type: 'universe'; readonly universe: Universe }>[];
  /** Every symbol in the universe has an executor. */
  readonly executorOf: (symbol: SymbolName) => Ref<{ readonly type: 'universe'; readonly universe: Universe }>;
  readonly executors: () => readonly SymbolName[];
  /** A fault of the configuration that only the venue could show: the service refuses to run. */
  readonly refuse: (error: VigilError) => void;
}

type Internal =
  | UniverseActorMessage
  | { readonly type: 'instruments'; readonly outcome: Outcome<ReadAnswer<'instruments'>> }
  | { readonly type: 'tickers'; readonly instruments: readonly Instrument[]; readonly outcome: Outcome<ReadAnswer<'tickers'>> }
  | { readonly type: 'recorded'; readonly outcome: Outcome<JournalAnswer> }
  | { readonly type: 'heartbeat' };

/** The last version on record. */
interface RecordedUniverse {
  readonly version: number;
  readonly symbols: readonly string[];
}

interface UniverseState {
  universe: Universe | undefined;
  sequence: number;
  recorded: RecordedUniverse | undefined;
  lastFailure: string | null;
  asking: boolean;
}

export function universeBehaviour(options: UniverseOptions): Behaviour<Internal, UniverseState> {
  const { rules, gateway, journal } = options;
  // Of the process, not of the incarnation: what refuses to start must not end a service that is trading.
  let determined = false;
  return {
    role: 'universe',
    purpose: 'Says which symbols may be opened: policy ∩ what the venue trades.',
    consumes: { refresh: 'ask the venue now', accept: 'what is left is taken as it is', instruments: 'what the venue lists', tickers: 'volumes, for the top list', recorded: 'the journal has the version', heartbeat: 'the view is due' },
    emits: ['universe → market, generators, bridge, governor, executors, readiness, reconciler'],
    mailbox: { capacity: 100, overflow: 'reject', onRestart: 'flush' },
    async init(ctx) {
      const entries = await ctx.ask(journal, { type: 'read', entity: ENTITY }, 8_000);
      ctx.timers.once('refresh', 0, { type: 'refresh' });
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      const last = entries.at(-1);
      return { universe: undefined, sequence: last?.sequence ?? 0, recorded: last?.payload as RecordedUniverse | undefined, lastFailure: null, asking: false };
    },
    receive(state, message, ctx) {
      const publishView = () => {
        const { universe } = state;
        if (universe === undefined) return;
        const members = [...new Set([...universe.instruments.keys(), ...options.executors()])].map(options.executorOf);
        publish(ctx, [...options.subscribers, ...members], { type: 'universe', universe });
      };
      const failed = (reason: string) => {
        state.asking = false;
        // Said once; as long as nothing changes, a retry is no news.
        const tell = reason === state.lastFailure ? ctx.log.debug : ctx.log.warn;
        state.lastFailure = reason;
        tell({ reason, version: state.universe?.version ?? null }, state.universe === undefined ? 'the venue cannot be asked for its symbols; trying again' : 'the venue cannot be asked for its symbols; the last good universe stays');
        ctx.timers.once('refresh', RETRY_MS, { type: 'refresh' });
      };
      const decide = (listed: readonly Instrument[], tickers: readonly Ticker24h[]) => {
        state.asking = false;
        state.lastFailure = null;
        ctx.timers.once('refresh', options.refreshMs, { type: 'refresh' });
        const decision = decideUniverse(rules, listed, tickers);
        if (decision.ok) {
          determined = true;
          return determine(decision.instruments, decision.excluded, listed);
        }
        if (!determined) return options.refuse(new VigilError(decision.code, decision.message));
        // Already trading: what has left the venue is closed to openings; what is open stays managed.
        ctx.log.error({ code: decision.code, message: decision.message }, 'the configured universe no longer holds; openings stop for what is missing');
        const rest = decideUniverse({ ...rules, policy: rules.chosen ?? rules.policy, chosen: undefined }, listed, tickers);
        return rest.ok ? determine(rest.instruments, rest.excluded, listed) : determine(new Map(), [], listed);
      };
      const determine = (instruments: Universe['instruments'], excluded: Universe['excluded'], listed: readonly Instrument[]) => {
        const symbols = [...instruments.keys()];
        // The same symbols are the same version, over restarts too.
        const changed = symbols.join() !== state.recorded?.symbols.join();
        const version = (state.recorded?.version ?? 0) + (changed ? 1 : 0);
        const first = state.universe === undefined;
        state.universe = { version, observedAt: ctx.clock.now(), instruments, listed: new Map(listed.map((one) => [one.symbol, one])), excluded, overlap: 1, breaker: 'closed' };
        if (changed) {
          state.sequence += 1;
          state.recorded = { version, symbols };
          ctx.ask(journal, { type: 'append', entries: [draft(ENTITY, state.sequence, 'UniverseDetermined', ctx.clock.now(), { version, symbols, excluded })] }, 5_000, (outcome) => ({ type: 'recorded', outcome }));
        }
        if (changed || first) {
          ctx.log.info({ version, symbols, excluded }, `universe ${version}: ${symbols.length} symbols`);
          for (const one of excluded) ctx.log.warn({ ...one }, `${one.symbol} is left out: ${one.detail}`);
        }
        publishView();
      };
      switch (message.type) {
        case 'refresh':
          if (state.asking) return same;
          state.asking = true;
          ctx.ask(gateway, { type: 'read', name: 'instruments', query: {} }, READ_TIMEOUT_MS, (outcome) => ({ type: 'instruments', outcome }));
          return same;
        case 'accept':
          ctx.answering(message)({ ok: false, message: 'nothing to accept' });
          return same;
        case 'instruments': {
          if (!message.outcome.ok) failed(message.outcome.error.message);
          else if (!message.outcome.value.ok) failed(message.outcome.value.message);
          else {
            const instruments = message.outcome.value.value;
            if (rules.policy !== undefined || rules.chosen !== undefined) decide(instruments, []);
            else ctx.ask(gateway, { type: 'read', name: 'tickers', query: {} }, READ_TIMEOUT_MS, (outcome) => ({ type: 'tickers', instruments, outcome }));
          }
          return same;
        }
        case 'tickers':
          if (!message.outcome.ok) failed(message.outcome.error.message);
          else if (!message.outcome.value.ok) failed(message.outcome.value.message);
          else decide(message.instruments, message.outcome.value.value);
          return same;
        case 'recorded':
          if (!message.outcome.ok) throw message.outcome.error;
          if (!message.outcome.value.ok) throw new Error(message.outcome.value.message);
          return same;
        case 'heartbeat':
          publishView();
          return same;
      }
    },
    view: ({ universe, lastFailure }) => ({
      version: universe?.version ?? null,
      observedAt: isoTimeOrNull(universe?.observedAt),
      symbols: universe === undefined ? [] : [...universe.instruments.keys()],
      excluded: universe?.excluded ?? [],
      lastFailure,
    }),
  };
}
