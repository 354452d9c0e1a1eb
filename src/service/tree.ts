/** The supervision tree of the service, as a table: what is started in which order, who is told what, and who gets which key. */
import { accountBehaviour } from '../actors/account.ts';
import { bridgeBehaviour } from '../actors/bridge.ts';
import { executorBehaviour } from '../actors/executor/executor.ts';
import type { ExecutorInternal } from '../actors/executor/state.ts';
import { exitsBehaviour } from '../actors/exits/exits.ts';
import { gatewayBehaviour } from '../actors/gateway.ts';
import { generatorBehaviour } from '../actors/generator.ts';
import { governorBehaviour } from '../actors/governor.ts';
import { intakeBehaviour } from '../actors/intake.ts';
import { journalBehaviour } from '../actors/journal.ts';
import { locksBehaviour } from '../actors/locks.ts';
import { marketBehaviour } from '../actors/market/market.ts';
import { paperProcessBehaviour } from '../actors/paper-process.ts';
import { readinessBehaviour } from '../actors/readiness.ts';
import { reconcilerBehaviour } from '../actors/reconciler.ts';
import { shadowBehaviour } from '../actors/shadow.ts';
import { nameOf } from '../actors/strategies/evaluations.ts';
import { tradingStateBehaviour } from '../actors/trading-state.ts';
import { universeBehaviour } from '../actors/universe.ts';
import { userStreamBehaviour } from '../actors/user-stream.ts';
import { watchdogBehaviour } from '../actors/watchdog.ts';
import type { Config } from '../config.ts';
import { decisionLogBehaviour } from '../operator/decision-log.ts';
import { operatorHttpBehaviour } from '../operator/http-actor.ts';
import type { Addresses, AuditEntry } from '../operator/options.ts';
import type { Journal, TradingStateFile } from '../persistence/port.ts';
import type { VigilError } from '../protocol/errors.ts';
import type { SymbolName } from '../protocol/names.ts';
import { createPermitAuthority } from '../protocol/permit.ts';
import type { TradingEpochs } from '../protocol/permit.ts';
import { supervisor, worker } from '../supervision/child-spec.ts';
import type { SupervisorSpec, WorkerSpec } from '../supervision/child-spec.ts';
import type { Ref } from '../supervision/ref.ts';
import type { Clock } from '../supervision/clock.ts';
import { pool } from '../supervision/pool.ts';
import type { Pool } from '../supervision/pool.ts';
import type { ActorSystem } from '../supervision/system.ts';
import type { Venue } from '../venue/port.ts';
import { evaluationEdge, flowContracts, RECENT_CYCLES, shadowEdge, WINDOW_MS } from './contracts.ts';
import type { StrategyRoles } from './strategies.ts';

export interface TreeParts {
  readonly system: ActorSystem;
  readonly clock: Clock;
  readonly config: Config;
  readonly policy: readonly SymbolName[] | undefined;
  readonly strategies: StrategyRoles;
  readonly journal: Journal;
  readonly tradingState: TradingStateFile;
  readonly venue: Venue;
  /** Options of the paper exchange's process; undefined: another venue, or one that runs already. */
  readonly paper: object | undefined;
  /** This instance's tag, then those it takes over. */
  readonly tags: readonly [string, ...string[]];
  /** Tokens of external sources, by source. */
  readonly intentTokens: ReadonlyMap<string, string>;
  readonly facts: { readonly configHash: string; readonly buildId: string; readonly startedAt: number };
  readonly onClockOffset: (offsetMs: number) => void;
  readonly onListening: (addresses: Addresses) => void;
  readonly audit: (entry: AuditEntry) => void;
  readonly refuse: (error: VigilError) => void;
  readonly stop: (reason: string) => void;
  /** Ends the process in order, with the code on which it is started again (ruling 13). */
  readonly startAfresh: (reason: string) => void;
}

export interface Tree {
  readonly spec: SupervisorSpec;
  readonly executors: Pool<ExecutorInternal, SymbolName>;
  /** What an executor is started with. */
  readonly executorSpec: (symbol: SymbolName) => WorkerSpec;
  /** Advancing it voids every permit to open that is out. */
  readonly epochs: TradingEpochs;
  /** The paths that make new openings; suspended first when the service stops. */
  readonly openers: readonly string[];
}

/** A ticker is polled every `market.tickerMs`; four missed polls make it unknown. */
const TICKER_POLLS_MISSED = 4;

export function composeTree(parts: TreeParts): Tree {
  const { system, clock, config, venue, journal: store, tags, refuse } = parts;
  const authority = createPermitAuthority({ now: () => clock.now() });
  const ref = <Message>(path: string) => system.ref<Message>(path);
  const refs = {
    journal: ref<Parameters<ReturnType<typeof journalBehaviour>['receive']>[1]>('journal'),
    decisions: ref<Parameters<ReturnType<typeof decisionLogBehaviour>['receive']>[1]>('operator/decision-log'),
    http: ref<Parameters<ReturnType<typeof operatorHttpBehaviour>['receive']>[1]>('operator/http'),
    paper: ref<Parameters<ReturnType<typeof paperProcessBehaviour>['receive']>[1]>('paper'),
    gateway: ref<Parameters<ReturnType<typeof gatewayBehaviour>['receive']>[1]>('gateway'),
    market: ref<Parameters<ReturnType<typeof marketBehaviour>['receive']>[1]>('market'),
    userStream: ref<Parameters<ReturnType<typeof userStreamBehaviour>['receive']>[1]>('user-stream'),
    universe: ref<Parameters<ReturnType<typeof universeBehaviour>['receive']>[1]>('universe'),
    account: ref<Parameters<ReturnType<typeof accountBehaviour>['receive']>[1]>('account'),
    tradingState: ref<Parameters<ReturnType<typeof tradingStateBehaviour>['receive']>[1]>('trading-state'),
    intake: ref<Parameters<ReturnType<typeof intakeBehaviour>['receive']>[1]>('intake'),
    locks: ref<Parameters<ReturnType<typeof locksBehaviour>['receive']>[1]>('locks'),
    readiness: ref<Parameters<ReturnType<typeof readinessBehaviour>['receive']>[1]>('readiness'),
    governor: ref<Parameters<ReturnType<typeof governorBehaviour>['receive']>[1]>('governor'),
    reconciler: ref<Parameters<ReturnType<typeof reconcilerBehaviour>['receive']>[1]>('reconciler'),
    bridge: ref<Parameters<ReturnType<typeof bridgeBehaviour>['receive']>[1]>('bridge'),
    exits: ref<Parameters<ReturnType<typeof exitsBehaviour>['receive']>[1]>('exits'),
    watchdog: ref<Parameters<ReturnType<typeof watchdogBehaviour>['receive']>[1]>('watchdog'),
  };
  const generators = parts.strategies.live.map((source) => ({ source, ...nameOf(source), ref: ref<Parameters<ReturnType<typeof generatorBehaviour>['receive']>[1]>(`generator/${nameOf(source).name}`) }));
  const generatorRefs = generators.map((one) => one.ref);
  const shadows = parts.strategies.shadows.map((source) => ({ source, ...nameOf(source), ref: ref<Parameters<ReturnType<typeof shadowBehaviour>['receive']>[1]>(`shadow/${nameOf(source).name}`) }));
  const shadowRefs = shadows.map((one) => one.ref);

  const executors = pool<ExecutorInternal, SymbolName>(system, {
    path: 'executors',
    memberPath: (symbol) => `executor/${symbol}`,
    purpose: 'One executor a symbol with a life to manage.',
    child: executorSpec,
  });
  function executorSpec(self: Ref<ExecutorInternal>, symbol: SymbolName): WorkerSpec {
    return worker(
        self,
        executorBehaviour({
          symbol,
          tags,
          stopLossPercent: config.trading.stopLossPercent,
          takeProfitPercent: config.trading.takeProfitPercent,
          leverage: config.trading.leverage,
          nakedAlarmMs: config.execution.nakedAlarmMs,
          nakedCloseMs: config.execution.nakedCloseMs,
          unknownPositions: config.adoption.unknownPositions ?? (config.venue.mode === 'mainnet' ? 'leave' : 'adopt'),
          journal: refs.journal,
          gateway: refs.gateway,
          governor: refs.governor,
          decisions: refs.decisions,
          watchers: [refs.governor, refs.bridge, refs.exits, refs.readiness, refs.reconciler, refs.market, refs.tradingState, refs.locks, refs.watchdog],
        }),
      );
  }
  const executorOf = (symbol: SymbolName) => executors.pool.member(symbol);
  const executorKeys = () => executors.pool.keys();

  let streamEpoch = 0;
  const cycleMs = config.generator.cycleMs;
  const operator = supervisor('operator', 'What operators see and do; its death never touches trading.', [
    worker(refs.decisions, decisionLogBehaviour({ journal: refs.journal, listeners: [refs.http] })),
    worker(
      refs.http,
      operatorHttpBehaviour({
        system,
        service: { mode: config.venue.mode, ...parts.facts, incarnation: store.writerEpoch, dataDir: config.dataDir, stop: parts.stop },
        refs: { readiness: refs.readiness, tradingState: refs.tradingState, decisions: refs.decisions, watchdog: refs.watchdog, universe: refs.universe, locks: refs.locks, intake: refs.intake },
        intentTokens: parts.intentTokens,
        executors: executors.pool,
        // Every symbol that may be opened or is held has an executor.
        symbols: () => (executorKeys().length === 0 ? undefined : executorKeys()),
        http: { listen: config.operator.http.listen, allowControl: config.operator.http.allowControl, ...(config.operator.http.token === undefined ? {} : { token: config.operator.http.token }) },
        audit: { record: parts.audit },
        onListening: parts.onListening,
      }),
    ),
  ]);
  const venueRoom = supervisor('venue', 'Everything that speaks to the exchange.', [
    ...(parts.paper === undefined ? [] : [worker(refs.paper, paperProcessBehaviour({ child: parts.paper }), { startMs: 20_000 })]),
    worker(refs.gateway, gatewayBehaviour({ venue: venue.gateway, redeemer: authority.redeemer, executorOf, subscribers: [refs.governor, refs.readiness, refs.bridge, refs.intake, ...generatorRefs, ...shadowRefs], onClockOffset: parts.onClockOffset, refuse })),
    worker(refs.market, marketBehaviour({ streams: venue.marketStreams, gateway: refs.gateway, tickerMs: config.market.tickerMs, candleHistory: config.market.candleHistory, subscribers: [refs.governor, refs.bridge, refs.exits, refs.readiness, refs.locks, refs.intake, ...generatorRefs, ...shadowRefs], watchdog: refs.watchdog, universe: refs.universe })),
    worker(refs.userStream, userStreamBehaviour({ stream: venue.userStream, executorOf, account: refs.account, subscribers: [refs.governor, refs.readiness, refs.reconciler], nextEpoch: () => ++streamEpoch })),
  ]);
  const stateRoom = supervisor('state', 'What is known and allowed.', [
    worker(
      refs.universe,
      universeBehaviour({
        rules: { policy: parts.policy, chosen: config.universe.symbols ?? undefined, top: config.universe.top, minQuoteVolume: config.universe.minQuoteVolume },
        minOverlap: config.universe.minOverlap,
        refreshMs: config.universe.refreshMs,
        gateway: refs.gateway,
        journal: refs.journal,
        subscribers: [refs.market, refs.governor, refs.bridge, refs.readiness, refs.reconciler, refs.intake, ...generatorRefs, ...shadowRefs],
        executorOf,
        executors: executorKeys,
        watchdog: refs.watchdog,
        refuse,
      }),
    ),
    worker(refs.account, accountBehaviour({ gateway: refs.gateway, journal: refs.journal, pollMs: config.account.pollMs, dailyLossPercent: config.risk.dailyLossPercent, subscribers: [refs.governor, refs.readiness, refs.tradingState, refs.locks], watchdog: refs.watchdog })),
    worker(refs.tradingState, tradingStateBehaviour({ file: parts.tradingState, epochs: authority.epochs, journal: refs.journal, subscribers: [refs.governor, refs.readiness, refs.account], executorOf, executors: executorKeys, flattenDrawdownPercent: config.risk.flattenDrawdownPercent })),
    worker(refs.locks, locksBehaviour({ rules: { cooldownMs: config.risk.symbolCooldownMs, ...config.protections }, journal: refs.journal, gateway: refs.gateway, decisions: refs.decisions, watchdog: refs.watchdog, subscribers: [refs.governor] })),
    worker(refs.readiness, readinessBehaviour({ subscribers: [refs.governor, refs.watchdog, ...generatorRefs] })),
  ]);
  const generatorRoom = supervisor(
    'generators',
    'The strategies.',
    generators.map((one) =>
      worker(
        one.ref,
        generatorBehaviour({
          source: one.source,
          cycleMs,
          minConfidence: config.generator.minConfidence,
          dataMaxAgeMs: TICKER_POLLS_MISSED * config.market.tickerMs,
          intentExpiryMs: config.trading.intentExpiryMs ?? 2 * cycleMs,
          notional: config.trading.notional,
          leverage: config.trading.leverage,
          stopLossPercent: config.trading.stopLossPercent,
          takeProfitPercent: config.trading.takeProfitPercent,
          maxFallbackShare: config.generator.remoteModel.maxFallbackShare,
          shareWindowMs: Math.max(WINDOW_MS, RECENT_CYCLES * cycleMs),
          bridge: refs.bridge,
          decisions: refs.decisions,
          watchdog: refs.watchdog,
          edge: evaluationEdge(one.name),
        }),
      ),
    ),
  );

  // Their own room, outside the one that decides: nothing that becomes of a shadow touches a generator, or waits for one.
  const shadowRoom = supervisor(
    'shadows',
    'The strategies that only watch.',
    shadows.map((one) =>
      worker(
        one.ref,
        shadowBehaviour({
          source: one.source,
          cycleMs,
          dataMaxAgeMs: TICKER_POLLS_MISSED * config.market.tickerMs,
          terms: { notional: config.trading.notional, stopLossPercent: config.trading.stopLossPercent, takeProfitPercent: config.trading.takeProfitPercent, takerFeeBps: config.risk.takerFeeBps, minConfidence: config.generator.minConfidence, timeMs: config.exits.timeStopMs, priceMaxAgeMs: config.risk.priceMaxAgeMs },
          journal: refs.journal,
          watchdog: refs.watchdog,
          edge: shadowEdge(one.name),
        }),
      ),
    ),
  );

  const spec = supervisor('vigil', 'A supervised trading pipeline.', [
    worker(refs.journal, journalBehaviour(store, [refs.http, refs.decisions]), { shutdown: 2_000 }),
    operator,
    venueRoom,
    stateRoom,
    worker(refs.governor, governorBehaviour({ issuer: authority.issuer, limits: config.risk, executorOf, executors: executorKeys, journal: refs.journal, decisions: refs.decisions })),
    executors.spec,
    worker(refs.reconciler, reconcilerBehaviour({ gateway: refs.gateway, executorOf, executors: executorKeys, subscribers: [refs.governor, refs.readiness], tags, refuse })),
    supervisor('decisions', 'From signals to plans, and when to get out.', [
      worker(refs.bridge, bridgeBehaviour({ sources: { strategies: new Set(generators.map((one) => one.name)), shadows: new Set(shadows.map((one) => one.name)), external: new Set(config.intents.sources) }, limits: { ...config.risk, entrySlippageBps: config.trading.entrySlippageBps }, executorOf, decisions: refs.decisions, journal: refs.journal, watchdog: refs.watchdog })),
      worker(refs.exits, exitsBehaviour({ settings: config.exits, stopPassedMs: config.execution.stopPassedMs, priceMaxAgeMs: config.risk.priceMaxAgeMs, stopLossPercent: config.trading.stopLossPercent, takeProfitPercent: config.trading.takeProfitPercent, executorOf, decisions: refs.decisions })),
      worker(refs.intake, intakeBehaviour({ sources: new Set(config.intents.sources), terms: { notional: config.trading.notional, leverage: config.trading.leverage, stopLossPercent: config.trading.stopLossPercent, takeProfitPercent: config.trading.takeProfitPercent, intentExpiryMs: config.trading.intentExpiryMs ?? 2 * cycleMs, minConfidence: config.generator.minConfidence }, bridge: refs.bridge, decisions: refs.decisions, journal: refs.journal })),
      generatorRoom,
    ]),
    shadowRoom,
    worker(refs.watchdog, watchdogBehaviour({ contracts: flowContracts(config, { live: generators.map((one) => one.name), shadows: shadows.map((one) => one.name) }), tree: () => system.tree(), kill: (path, reason) => void system.control(path, 'kill', reason), tradingState: refs.tradingState, startAfresh: parts.startAfresh })),
  ]);
  return { spec, executors: executors.pool, executorSpec: (symbol) => executorSpec(system.ref(`executor/${symbol}`), symbol), epochs: authority.epochs, openers: [...generators.map((one) => one.ref.path), 'bridge'] };
}
