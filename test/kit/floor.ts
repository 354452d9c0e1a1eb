/** The floor: bridge, governor, gateway, reconciler, journal and an executor for each of several symbols, as in the tree, over scripted venues and virtual time. */
import { bridgeBehaviour } from '../../src/actors/bridge.ts';
import { executorBehaviour } from '../../src/actors/executor/executor.ts';
import type { ExecutorInternal } from '../../src/actors/executor/state.ts';
import { gatewayBehaviour } from '../../src/actors/gateway.ts';
import { governorBehaviour } from '../../src/actors/governor.ts';
import { journalBehaviour } from '../../src/actors/journal.ts';
import { publish } from '../../src/actors/publish.ts';
import { reconcilerBehaviour } from '../../src/actors/reconciler.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import type { Intent } from '../../src/protocol/decisions.ts';
import type { MarketView, Universe } from '../../src/protocol/market.ts';
import type { BridgeMessage, DecisionLogMessage, FindingMessage, FlowedMessage, GovernorMessage, ReconcilerMessage, StandingMessage } from '../../src/protocol/messages.ts';
import type { LifeView, TradingStateName } from '../../src/protocol/views.ts';
import type { IntentId, SymbolName } from '../../src/protocol/names.ts';
import { createPermitAuthority } from '../../src/protocol/permit.ts';
import type { ReadName, VenueReads, VenueWrite, WriteOutcome } from '../../src/protocol/venue.ts';
import type { RiskLimits } from '../../src/rules/guards/guard.ts';
import type { Behaviour } from '../../src/supervision/behaviour.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import type { Ref, Tagged } from '../../src/supervision/ref.ts';
import type { VenueGateway } from '../../src/venue/port.ts';
import { aPlan, aUniverse, TAG, watched } from './actors.ts';
import { JOURNAL_UP, LIMITS, makeCandles, makeFunding, makePerformance, makeStatistics, NO_LOCKS } from './decisions.ts';
import { GatewayOwners } from './gateway-owners.ts';
import { MemoryJournal } from './memory-journal.ts';
import { Probe } from './probe.ts';
import { ScriptedVenue } from './scripted-venue.ts';
import { World } from './world.ts';

/** One venue of many symbols: what is asked of one goes to it, what is asked of all is put together. */
class ManyVenues implements VenueGateway {
  readonly of: ReadonlyMap<SymbolName, ScriptedVenue>;

  constructor(of: ReadonlyMap<SymbolName, ScriptedVenue>) {
    this.of = of;
  }

  async read<Name extends ReadName>(name: Name, query: VenueReads[Name]['query']): Promise<VenueReads[Name]['answer']> {
    const { symbol } = query as { symbol?: SymbolName };
    if (symbol !== undefined) return this.of.get(symbol)!.read(name, query);
    const answers = await Promise.all([...this.of.values()].map((venue) => venue.read(name, query)));
    const [first] = answers;
    if (Array.isArray(first)) return answers.flat() as never;
    if (first instanceof Map) return new Map((answers as unknown as Map<unknown, unknown>[]).flatMap((one) => [...one])) as never;
    return first!;
  }

  write(write: VenueWrite): Promise<WriteOutcome> {
    return this.of.get(write.symbol)!.write(write);
  }

  usage() {
    return { weight1m: undefined, orders10s: undefined, orders1m: undefined };
  }
}

export interface FloorOptions {
  readonly seed?: number;
  readonly symbols: readonly SymbolName[];
  readonly limits?: Partial<RiskLimits>;
  /** After each message of these actors. */
  readonly onHandled?: (path: string, type: string) => void;
}

export class Floor {
  readonly world: World;
  readonly venues: ReadonlyMap<SymbolName, ScriptedVenue>;
  readonly journal = new MemoryJournal();
  readonly bridge: Ref<BridgeMessage>;
  readonly governor: Ref<GovernorMessage>;
  readonly decisions: Probe<DecisionLogMessage>;
  readonly watcher: Probe<{ readonly type: 'life'; readonly view: LifeView }>;
  /** What the rest of the tree would publish once a second. */
  readonly feed: { tradingState: TradingStateName; universe: Universe | undefined; known: boolean };
  readonly #options: FloorOptions;
  readonly #authority: ReturnType<typeof createPermitAuthority>;

  constructor(options: FloorOptions) {
    this.#options = options;
    this.world = new World(options.seed ?? 1);
    const { system, clock } = this.world;
    this.feed = { tradingState: 'ACTIVE', universe: aUniverse(options.symbols), known: true };
    this.bridge = system.ref('bridge');
    this.governor = system.ref('governor');
    this.venues = new Map(options.symbols.map((symbol) => [symbol, new ScriptedVenue(symbol, () => clock.now(), (event) => system.tell(this.executorOf(symbol), { type: 'user-event', event }))]));
    this.#authority = createPermitAuthority({ now: () => clock.now(), monotonic: () => clock.monotonic() });
    this.decisions = new Probe(this.world, 'decisions');
    this.watcher = new Probe(this.world, 'watcher');
  }

  executorOf(symbol: SymbolName): Ref<ExecutorInternal> {
    return this.world.system.ref(`executor/${symbol}`);
  }

  async start(): Promise<this> {
    const { system } = this.world;
    const { symbols, limits } = this.#options;
    const journal = system.ref<Parameters<ReturnType<typeof journalBehaviour>['receive']>[1]>('journal');
    const gateway = system.ref<Parameters<ReturnType<typeof gatewayBehaviour>['receive']>[1]>('gateway');
    const reconciler = system.ref<Parameters<ReturnType<typeof reconcilerBehaviour>['receive']>[1]>('reconciler');
    const executorOf = (symbol: SymbolName) => this.executorOf(symbol);
    const executors = () => symbols;
    const refuse = (error: Error) => {
      throw error;
    };
    const note = <Message extends Tagged, State>(path: string, behaviour: Behaviour<Message, State>) => watched(behaviour, (type) => this.#options.onHandled?.(path, type));
    const risk: RiskLimits = { ...LIMITS, ...limits };
    const owners = new GatewayOwners(this.world);
    const watchdog = new Probe<FlowedMessage | StandingMessage>(this.world, 'watchdog');
    const findings = new Probe<FindingMessage>(this.world, 'findings');
    const executor = (symbol: SymbolName) =>
      executorBehaviour({ symbol, tags: [TAG], stopLossPercent: '2', takeProfitPercent: '4', leverage: 10, nakedAlarmMs: 3_000, nakedCloseMs: 10_000, unknownPositions: 'adopt', journal, gateway, governor: this.governor, decisions: this.decisions.ref, findings: findings.ref, watchdog: watchdog.ref, watchers: [this.governor, this.bridge, reconciler, this.watcher.ref] });
    await this.world.start(
      this.watcher.spec,
      this.decisions.spec,
      owners.spec,
      watchdog.spec,
      findings.spec,
      worker(journal, note('journal', journalBehaviour(this.journal))),
      worker(gateway, note('gateway', gatewayBehaviour({ venue: new ManyVenues(this.venues), redeemer: this.#authority.redeemer, executorOf, subscribers: [this.governor, this.bridge], onClockOffset: () => undefined, refuse, ...owners.options }))),
      worker(this.governor, note('governor', governorBehaviour({ issuer: this.#authority.issuer, limits: risk, executorOf, executors, journal, decisions: this.decisions.ref }))),
      ...symbols.map((symbol) => worker(executorOf(symbol), note('executor', executor(symbol)))),
      worker(reconciler, reconcilerBehaviour({ gateway, executorOf, executors, subscribers: [this.governor], watchdog: watchdog.ref, findings: findings.ref, tags: [TAG], unknownPositions: 'adopt', refuse })),
      worker(this.bridge, note('bridge', bridgeBehaviour({ sources: { strategies: new Set(['trend-24h']), shadows: new Set(), external: new Set() }, limits: { ...risk, entrySlippageBps: 30 }, executorOf, decisions: this.decisions.ref, journal, watchdog: watchdog.ref }))),
      worker(system.ref<Feeding>('feeder'), this.#feeder(reconciler)),
    );
    await this.world.advance(3_000);
    return this;
  }

  /** A signal of now. */
  intend(symbol: SymbolName, part: Partial<Intent> = {}): void {
    const now = this.world.clock.now();
    const { intent } = aPlan(now, { symbol });
    this.world.system.tell(this.bridge, { type: 'intent', intent: { ...intent, intentId: `intent-${symbol}-${now}` as IntentId, ...part } });
  }

  /** What the symbol's executor said of itself last. */
  life(symbol: SymbolName): LifeView | undefined {
    return this.watcher.of('life').findLast(({ view }) => view.symbol === symbol)?.view;
  }

  /** The governor's own view, as an operator sees it. */
  get governorState(): { readonly reservations: readonly { readonly symbol: string }[]; readonly granted: number; readonly denied: number } {
    return (this.world.system.inspect('governor') as unknown as { state: Floor['governorState'] }).state;
  }

  /** How often each outcome was told, by stage. */
  told(stage: string): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { decision } of this.decisions.of('decided')) if (decision.stage === stage) counts[decision.outcome] = (counts[decision.outcome] ?? 0) + 1;
    return counts;
  }

  #feeder(reconciler: Ref<ReconcilerMessage>): Behaviour<Feeding, null> {
    return {
      role: 'feeder',
      purpose: 'stands in for the rest of the tree',
      consumes: { feed: '' },
      emits: [],
      mailbox: { capacity: 10, overflow: 'reject', onRestart: 'keep' },
      init(ctx) {
        ctx.timers.once('now', 0, { type: 'feed' });
        ctx.timers.every('feed', 1_000, { type: 'feed' });
        return null;
      },
      receive: (_state, _message, ctx) => {
        const now = ctx.clock.now();
        const { tradingState, universe, known } = this.feed;
        const { symbols } = this.#options;
        const stream = { type: 'stream', view: { live: known, streamEpoch: 1, since: 0 } } as const;
        publish<typeof stream>(ctx, [this.governor, reconciler], stream);
        ctx.tell(this.governor, { type: 'trading-state', view: { overall: tradingState, symbols: new Map(), cause: 'test', since: 0, tradingEpoch: this.#authority.epochs.current(), activatedAt: 0 } });
        if (universe !== undefined) publish<{ readonly type: 'universe'; readonly universe: Universe }>(ctx, [this.governor, this.bridge, reconciler, ...symbols.map((symbol) => this.executorOf(symbol))], { type: 'universe', universe });
        if (!known) return { next: 'same' };
        const price = decimal('0.01');
        const view: MarketView = { at: now, symbols: new Map(symbols.map((symbol) => [symbol, { symbol, candles: makeCandles(), mark: { price, observedAt: now }, book: { bid: price, ask: price, observedAt: now }, statistics: makeStatistics({}, now), funding: makeFunding({}, now) }])) };
        publish<{ readonly type: 'market-view'; readonly view: MarketView }>(ctx, [this.governor, this.bridge], { type: 'market-view', view });
        ctx.tell(this.governor, { type: 'equity', view: { equity: '10000', walletBalance: '10000', availableBalance: '10000', observedAt: now, performance: makePerformance({}, now) } });
        ctx.tell(this.governor, { type: 'locks', view: NO_LOCKS });
        ctx.tell(this.governor, { type: 'journal', view: JOURNAL_UP });
        ctx.tell(this.governor, { type: 'readiness', view: { ready: true, missing: [], behind: [], since: 0 } });
        return { next: 'same' };
      },
      view: () => null,
    };
  }
}

type Feeding = { readonly type: 'feed' };
