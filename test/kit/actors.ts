/** The desk: executor, governor, gateway, reconciler and journal as in src/tree.ts, over a scripted venue and virtual time. */
import { executorBehaviour } from '../../src/actors/executor/executor.ts';
import type { ExecutorInternal } from '../../src/actors/executor/state.ts';
import { gatewayBehaviour } from '../../src/actors/gateway.ts';
import { governorBehaviour } from '../../src/actors/governor.ts';
import { journalBehaviour } from '../../src/actors/journal.ts';
import { publish } from '../../src/actors/publish.ts';
import { reconcilerBehaviour } from '../../src/actors/reconciler.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import type { Intent, Plan } from '../../src/protocol/decisions.ts';
import type { VigilError } from '../../src/protocol/errors.ts';
import type { Instrument, Universe } from '../../src/protocol/market.ts';
import type { DecisionLogMessage, FindingMessage, GovernorMessage, ReconcilerMessage, StandingMessage } from '../../src/protocol/messages.ts';
import type { EquityView, LifeView, StreamView } from '../../src/protocol/views.ts';
import type { IntentId, PlanId, SymbolName } from '../../src/protocol/names.ts';
import { createPermitAuthority } from '../../src/protocol/permit.ts';
import type { VenueWrite } from '../../src/protocol/venue.ts';
import type { Behaviour } from '../../src/supervision/behaviour.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import type { Ref, Tagged } from '../../src/supervision/ref.ts';
import { GatewayOwners } from './gateway-owners.ts';
import { MemoryJournal } from './memory-journal.ts';
import { Probe } from './probe.ts';
import { ScriptedVenue } from './scripted-venue.ts';
import { World } from './world.ts';
import { JOURNAL_UP, LIMITS, makeCandles, makeFunding, makePerformance, makeStatistics } from './decisions.ts';

export { LIMITS } from './decisions.ts';

export const GPS = 'GPSUSDT' as SymbolName;
export const TAG = 'aaaa';

export function anInstrument(symbol: SymbolName = GPS, part: Partial<Instrument> = {}): Instrument {
  return { symbol, status: 'TRADING', contractType: 'PERPETUAL', tickSize: decimal('0.00001'), minPrice: decimal('0.00001'), maxPrice: decimal('1000'), stepSize: decimal('1'), minQuantity: decimal('1'), maxQuantity: decimal('10000000'), marketMaxQuantity: decimal('5000000'), minNotional: decimal('5'), multiplierUp: decimal('1.05'), multiplierDown: decimal('0.95'), ...part };
}

export function aUniverse(symbols: readonly SymbolName[] = [GPS], version = 1): Universe {
  const instruments = new Map(symbols.map((symbol) => [symbol, anInstrument(symbol)]));
  return { version, observedAt: 0, instruments, listed: instruments, excluded: [], overlap: 1, breaker: 'closed' };
}

/** 20,000 GPS at no more than 0.01: notional 200; stop 2 %, target 4 %. */
export function aPlan(now: number, part: Partial<Plan> = {}): { intent: Intent; plan: Plan } {
  const symbol = part.symbol ?? GPS;
  const side = part.side ?? 'LONG';
  const planId = (part.planId ?? `plan-${symbol}-1`) as PlanId;
  const intentId = `intent-${planId}` as IntentId;
  const terms = { notional: '200', leverage: 10, stopLossPercent: '2', takeProfitPercent: '4', expiresAt: now + 60_000 };
  return {
    intent: { intentId, source: 'trend-24h', symbol, side, confidence: 0.9, price: '0.01', createdAt: now, universeVersion: 1, ...terms },
    plan: { planId, intentId, action: side === 'LONG' ? 'OPEN_LONG' : 'OPEN_SHORT', source: 'trend-24h', symbol, side, quantity: '20000', limitPrice: '0.01', madeAt: now, ...terms, ...part },
  };
}

/** Calls `handled` after every message its actor has handled: where a test kills it. */
export function watched<Message extends Tagged, State>(behaviour: Behaviour<Message, State>, handled: (type: string) => void): Behaviour<Message, State> {
  return {
    ...behaviour,
    receive(state, message, ctx) {
      const next = behaviour.receive(state, message, ctx);
      handled(message.type);
      return next;
    },
  };
}

/** What the rest of the tree would publish once a second; a test takes parts away or changes them. */
interface Feed {
  universe: Universe | undefined;
  stream: StreamView | undefined;
  equity: (now: number) => EquityView | undefined;
  mark: string | undefined;
  ready: boolean;
}

export interface DeskOptions {
  readonly seed?: number;
  readonly unknownPositions?: 'adopt' | 'leave';
  readonly leverage?: number;
  /** After each message of these actors. */
  readonly onHandled?: (path: string, type: string) => void;
}

const EXECUTOR = `executor/${GPS}`;
type Feeder = { readonly type: 'feed' };

/** By so much the wall clock is ahead of the monotonic one; a test may set it otherwise: the venue's own time stays. */
export const WALL_MS = 7_200_000;

export class Desk {
  readonly world: World;
  readonly venue: ScriptedVenue;
  readonly journal = new MemoryJournal();
  readonly authority: ReturnType<typeof createPermitAuthority>;
  readonly executor: Ref<ExecutorInternal>;
  readonly governor: Ref<GovernorMessage>;
  readonly watcher: Probe<{ readonly type: 'life'; readonly view: LifeView }>;
  readonly decisions: Probe<DecisionLogMessage>;
  readonly owners: GatewayOwners;
  readonly standing: Probe<StandingMessage>;
  readonly findings: Probe<FindingMessage>;
  readonly refusals: VigilError[] = [];
  readonly feed: Feed = { universe: aUniverse(), stream: { live: true, streamEpoch: 1, since: 0 }, equity: (now) => ({ equity: '10000', walletBalance: '10000', availableBalance: '10000', observedAt: now, performance: makePerformance({}, now) }), mark: '0.00998', ready: true };
  readonly #options: DeskOptions;

  constructor(options: DeskOptions = {}) {
    this.#options = options;
    this.world = new World(options.seed ?? 1);
    const { system, clock } = this.world;
    // The two clocks have nothing to do with one another.
    clock.setWall(WALL_MS);
    this.executor = system.ref(EXECUTOR);
    this.governor = system.ref('governor');
    this.venue = new ScriptedVenue(GPS, () => clock.monotonic() + WALL_MS, (event) => system.tell(this.executor, { type: 'user-event', event }));
    this.authority = createPermitAuthority({ now: () => clock.now(), monotonic: () => clock.monotonic() });
    this.watcher = new Probe(this.world, 'watcher');
    this.decisions = new Probe(this.world, 'decisions');
    this.owners = new GatewayOwners(this.world);
    this.standing = new Probe(this.world, 'watchdog');
    this.findings = new Probe(this.world, 'findings');
  }

  /** Starts the tree and lets it become ready: leverage confirmed, reconciled. */
  async start(settleMs = 3_000): Promise<this> {
    const { system } = this.world;
    const options = this.#options;
    const journal = system.ref<Parameters<ReturnType<typeof journalBehaviour>['receive']>[1]>('journal');
    const gateway = system.ref<Parameters<ReturnType<typeof gatewayBehaviour>['receive']>[1]>('gateway');
    const reconciler = system.ref<Parameters<ReturnType<typeof reconcilerBehaviour>['receive']>[1]>('reconciler');
    const feeder = system.ref<Feeder>('feeder');
    const executorOf = () => this.executor;
    const executors = () => [GPS];
    const note = <Message extends Tagged, State>(path: string, behaviour: Behaviour<Message, State>) => watched(behaviour, (type) => options.onHandled?.(path, type));
    const refuse = (error: VigilError) => void this.refusals.push(error);
    await this.world.start(
      this.watcher.spec,
      this.decisions.spec,
      this.owners.spec,
      this.standing.spec,
      this.findings.spec,
      worker(journal, note('journal', journalBehaviour(this.journal))),
      worker(gateway, note('gateway', gatewayBehaviour({ venue: this.venue, redeemer: this.authority.redeemer, executorOf, subscribers: [this.governor], onClockOffset: () => undefined, refuse, ...this.owners.options }))),
      worker(this.governor, note('governor', governorBehaviour({ issuer: this.authority.issuer, limits: LIMITS, executorOf, executors, journal, decisions: this.decisions.ref }))),
      worker(
        this.executor,
        note(EXECUTOR, executorBehaviour({ symbol: GPS, tags: [TAG], stopLossPercent: '2', takeProfitPercent: '4', leverage: options.leverage ?? 10, nakedAlarmMs: 3_000, nakedCloseMs: 10_000, unknownPositions: options.unknownPositions ?? 'adopt', journal, gateway, governor: this.governor, decisions: this.decisions.ref, findings: this.findings.ref, watchdog: this.standing.ref, watchers: [this.governor, reconciler, this.watcher.ref] })),
      ),
      worker(reconciler, reconcilerBehaviour({ gateway, executorOf, executors, subscribers: [this.governor], watchdog: this.standing.ref, findings: this.findings.ref, tags: [TAG], unknownPositions: options.unknownPositions ?? 'adopt', refuse })),
      worker(feeder, this.#feeder(reconciler)),
    );
    await this.world.advance(settleMs);
    return this;
  }

  advance(ms: number): Promise<void> {
    return this.world.advance(ms);
  }

  /** Hands the executor a plan to open. */
  plan(part: Partial<Plan> = {}): void {
    this.world.system.tell(this.executor, { type: 'plan', ...aPlan(this.world.clock.now(), part) });
  }

  kill(path: string): void {
    this.world.system.control(path, 'kill', 'test');
  }

  get life(): LifeView {
    const view = this.watcher.last('life')?.view;
    if (view === undefined) throw new Error('the executor has not reported');
    return view;
  }

  get story(): string[] {
    return this.journal.story(`symbol/${GPS}`);
  }

  /** The executor's own view, as an operator sees it. */
  get state(): Record<string, unknown> {
    return (this.world.system.inspect(EXECUTOR) as unknown as { state: Record<string, unknown> }).state;
  }

  /** Writes of one kind that reached the venue. */
  writes<Kind extends VenueWrite['kind']>(kind: Kind): Extract<VenueWrite, { kind: Kind }>[] {
    return this.venue.writes.filter((write): write is Extract<VenueWrite, { kind: Kind }> => write.kind === kind);
  }

  /** What a plan was refused or ended with, in the order of the funnel. */
  get refused(): string[] {
    return this.decisions.of('decided').map(({ decision }) => decision.outcome).filter((outcome) => outcome !== 'passed');
  }

  logged(pattern: RegExp): number {
    return this.world.logs.filter((line) => pattern.test(line.message)).length;
  }

  #feeder(reconciler: Ref<ReconcilerMessage>): Behaviour<Feeder, null> {
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
        const { universe, stream, mark, ready } = this.feed;
        const equity = this.feed.equity(now);
        if (universe !== undefined) publish<{ readonly type: 'universe'; readonly universe: Universe }>(ctx, [this.governor, this.executor, reconciler], { type: 'universe', universe });
        if (stream !== undefined) publish<{ readonly type: 'stream'; readonly view: StreamView }>(ctx, [this.governor, reconciler], { type: 'stream', view: stream });
        if (equity !== undefined) ctx.tell(this.governor, { type: 'equity', view: equity });
        if (mark !== undefined) {
          const price = decimal(mark);
          ctx.tell(this.governor, { type: 'market-view', view: { at: now, symbols: new Map([[GPS, { symbol: GPS, candles: makeCandles(), mark: { price, observedAt: now }, book: { bid: price, ask: price, observedAt: now }, statistics: makeStatistics({}, now), funding: makeFunding({}, now) }]]) } });
        }
        const { lastClosed } = this.watcher.last('life')?.view ?? {};
        ctx.tell(this.governor, { type: 'locks', view: { locks: [], judged: new Map(lastClosed === undefined ? [] : [[GPS, lastClosed.closedAt]]) } });
        ctx.tell(this.governor, { type: 'journal', view: JOURNAL_UP });
        ctx.tell(this.governor, { type: 'readiness', view: { ready, missing: [], behind: [], since: 0 } });
        ctx.tell(this.governor, { type: 'trading-state', view: { overall: 'ACTIVE', symbols: new Map(), cause: '', since: 0, tradingEpoch: this.authority.epochs.current(), activatedAt: 0 } });
        return { next: 'same' };
      },
      view: () => null,
    };
  }
}
