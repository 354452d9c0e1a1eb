/** The service's own tree under virtual time, on the test's exchange and a journal in memory: all of it but the sockets. */
import { loadStrategies } from '../../src/service/strategies.ts';
import { composeTree } from '../../src/service/tree.ts';
import type { Config } from '../../src/config.ts';
import type { DurableTradingState } from '../../src/persistence/port.ts';
import type { Model } from '../../src/model/port.ts';
import type { VigilError } from '../../src/protocol/errors.ts';
import type { RecordedDecision, TraceView } from '../../src/protocol/read-models.ts';
import type { LifeView, TradingStateName, TradingStateView } from '../../src/protocol/views.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import { REMOTE_MODEL, REMOTE_MODEL_DOES } from '../../src/rules/strategies/built-in.ts';
import { strategy as trend24h } from '../../src/rules/strategies/trend-24h.ts';
import type { SupervisorSpec } from '../../src/supervision/child-spec.ts';
import type { Ref } from '../../src/supervision/ref.ts';
import type { ActorSystem } from '../../src/supervision/system.ts';
import { defaultConfig } from './composed-tree.ts';
import { POLICY } from './decisions.ts';
import { TestExchange } from './exchange.ts';
import { MemoryJournal } from './memory-journal.ts';
import { World } from './world.ts';

type Ask = Parameters<ActorSystem['ask']>;

export interface WholeServiceOptions {
  readonly sets?: readonly string[];
  readonly policy?: readonly SymbolName[];
  /** What the exchange lists; left out: the policy. */
  readonly listed?: readonly SymbolName[];
  /** What an earlier start has left. */
  readonly before?: WholeService;
  readonly seed?: number;
  /** Instead of the configured strategies: a model server, with trend-24h in its place while it is away. */
  readonly model?: Model;
  /** Our wall time, ms. */
  readonly startAt?: number;
  /** Called with the exchange before the service starts. */
  readonly prepare?: (exchange: TestExchange) => void;
}

export class WholeService {
  readonly world: World;
  readonly exchange: TestExchange;
  readonly journal: MemoryJournal;
  readonly config: Config;
  readonly refusals: VigilError[] = [];
  readonly disk: { state: DurableTradingState | undefined };

  private constructor(world: World, exchange: TestExchange, journal: MemoryJournal, config: Config, disk: WholeService['disk']) {
    this.world = world;
    this.exchange = exchange;
    this.journal = journal;
    this.config = config;
    this.disk = disk;
  }

  static async start(options: WholeServiceOptions = {}): Promise<WholeService> {
    const { before, policy = POLICY } = options;
    const world = new World(options.seed ?? 1, { seal: false });
    if (options.startAt !== undefined) world.clock.moveTo(options.startAt);
    if (before !== undefined) world.clock.moveTo(before.world.clock.now() + 1_000);
    const exchange = new TestExchange(world.clock, options.listed ?? policy);
    if (before !== undefined) exchange.takeOver(before.exchange);
    options.prepare?.(exchange);
    const service = new WholeService(world, exchange, before?.journal ?? new MemoryJournal(), defaultConfig(...(options.sets ?? [])), before?.disk ?? { state: undefined });
    await service.#run(policy, options.model);
    return service;
  }

  async #run(policy: readonly SymbolName[], model: Model | undefined): Promise<void> {
    const { world, journal, config, disk } = this;
    const ignore = () => undefined;
    const tree = composeTree({
      system: world.system,
      clock: world.clock,
      config,
      policy,
      strategies: model === undefined ? await loadStrategies(config) : { live: [{ kind: 'model', name: REMOTE_MODEL, does: REMOTE_MODEL_DOES, model, timeoutMs: config.generator.remoteModel.timeoutMs, circuit: config.generator.remoteModel, fallback: trend24h }], shadows: [] },
      journal,
      tradingState: { read: () => disk.state, write: (state) => void (disk.state = state) },
      venueRest: { read: () => undefined, write: ignore },
      venue: this.exchange,
      paper: undefined,
      tags: ['test'],
      intentTokens: new Map(),
      facts: { configHash: '', buildId: '', startedAt: world.clock.now() },
      readModels: undefined,
      mayRedeem: () => undefined,
      onClockOffset: ignore,
      onListening: ignore,
      audit: ignore,
      refuse: (error) => void this.refusals.push(error),
      stop: ignore,
      startAfresh: ignore,
    });
    for (const entity of await journal.entities('symbol/')) tree.executors.member(entity.slice('symbol/'.length) as SymbolName);
    await world.startTree(without(tree.spec, 'operator/http'), () => undefined);
  }

  /** Until the ready gate is open and the first cycle is over. */
  async warmUp(): Promise<void> {
    await this.world.advance(20_000);
  }

  advance(ms: number): Promise<void> {
    return this.world.advance(ms);
  }

  async ask<Answer>(path: string, question: object): Promise<Answer> {
    const answer = this.world.system.ask(this.world.system.ref(path) as Ask[0], question as Ask[1], 5_000) as Promise<Answer>;
    await this.world.settle();
    return answer;
  }

  state(path: string): Record<string, unknown> {
    const node = this.world.system.inspect(path) as unknown as { readonly state: Record<string, unknown> } | undefined;
    if (node === undefined) throw new Error(`there is no ${path}`);
    return node.state;
  }

  life(symbol: SymbolName): LifeView {
    return this.state(`executor/${symbol}`)['life'] as LifeView;
  }

  /** Symbols that hold something, as the executors say. */
  open(): readonly SymbolName[] {
    return this.config === undefined ? [] : [...this.exchange.positions.keys()];
  }

  explain(symbol: SymbolName, limit = 200): Promise<readonly RecordedDecision[]> {
    return this.ask('operator/decision-log', { type: 'explain', symbol, limit });
  }

  trace(id: string): Promise<TraceView> {
    return this.ask('operator/decision-log', { type: 'trace', id });
  }

  /** The codes by which openings of the symbol were refused since `since`, newest first. */
  async refusedWith(symbol: SymbolName, since = 0): Promise<readonly string[]> {
    const recorded = await this.explain(symbol);
    return recorded.filter((one) => one.lastAt >= since && one.outcome !== 'passed' && one.stage !== 'lock').flatMap((one) => one.denials?.map((denial) => denial.code) ?? [one.outcome]);
  }

  async set(state: TradingStateName): Promise<void> {
    await this.ask('trading-state', { type: 'set', state, symbol: undefined, reason: 'a test', by: 'operator' });
  }

  async tradingState(): Promise<TradingStateView> {
    return this.ask('trading-state', { type: 'get' });
  }

  async alerts(): Promise<readonly string[]> {
    return (await this.ask<readonly { readonly name: string }[]>('watchdog', { type: 'get-alerts' })).map((alert) => alert.name);
  }

  tell(path: string, message: object): void {
    this.world.system.tell(this.world.system.ref(path) as Ref<never>, message as never);
  }
}

function without(spec: SupervisorSpec, path: string): SupervisorSpec {
  return { ...spec, children: spec.children.filter((child) => child.path !== path).map((child) => (child.kind === 'supervisor' ? without(child, path) : child)) };
}
