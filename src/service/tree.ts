/** The supervision tree of the service, as a table: what is started in which order, and who gets which key. Each room is a file of `rooms/`. */
import { auditorBehaviour } from '../actors/auditor.ts';
import { executorBehaviour } from '../actors/executor/executor.ts';
import type { ExecutorInternal } from '../actors/executor/state.ts';
import { findingsBehaviour } from '../actors/findings.ts';
import { governorBehaviour } from '../actors/governor.ts';
import { journalBehaviour } from '../actors/journal.ts';
import { reconcilerBehaviour } from '../actors/reconciler.ts';
import { watchdogBehaviour } from '../actors/watchdog.ts';
import type { GovernorMessage } from '../protocol/messages.ts';
import type { SymbolName } from '../protocol/names.ts';
import { createPermitAuthority } from '../protocol/permit.ts';
import type { TradingEpochs } from '../protocol/permit.ts';
import { supervisor, worker } from '../supervision/child-spec.ts';
import type { SupervisorSpec, WorkerSpec } from '../supervision/child-spec.ts';
import { pool } from '../supervision/pool.ts';
import type { Pool } from '../supervision/pool.ts';
import type { Ref } from '../supervision/ref.ts';
import { flowContracts } from './contracts.ts';
import { decisionsRoom } from './rooms/decisions.ts';
import { operatorRoom } from './rooms/operator.ts';
import { refsOf, strategyActors } from './rooms/parts.ts';
import type { Rooms, TreeParts } from './rooms/parts.ts';
import { shadowRoom } from './rooms/shadows.ts';
import { stateRoom } from './rooms/state.ts';
import { venueRoom } from './rooms/venue.ts';

export type { TreeParts } from './rooms/parts.ts';

export interface Tree {
  readonly spec: SupervisorSpec;
  readonly executors: Pool<ExecutorInternal, SymbolName>;
  /** What an executor is started with. */
  readonly executorSpec: (symbol: SymbolName) => WorkerSpec;
  /** Told that the service stops, it grants nothing any more. */
  readonly governor: Ref<GovernorMessage>;
  /** Those who gather for a while before they write, asked to write now. */
  readonly gatherers: readonly Ref<{ readonly type: 'flush' }>[];
  /** Advancing it voids every permit to open that is out. */
  readonly epochs: TradingEpochs;
  /** The paths that make new openings; suspended first when the service stops. */
  readonly openers: readonly string[];
}

export function composeTree(parts: TreeParts): Tree {
  const { system, clock, config, journal: store, tags, refuse } = parts;
  const authority = createPermitAuthority({ now: () => clock.now(), monotonic: () => clock.monotonic() });
  const refs = refsOf(system);
  const unknownPositions = config.adoption.unknownPositions ?? (config.venue.mode === 'mainnet' ? 'leave' : 'adopt');
  const strategies = strategyActors(system, parts.strategies);
  // What is told to those who do not run would be dead letters, each a line in the report of an emergency.
  const absent = new Set(parts.exitsAlone === true ? [refs.bridge, refs.exits, refs.intake, refs.auditor, ...[...strategies.generators, ...strategies.shadows].map((one) => one.ref)].map(({ path }) => path) : []);
  const present: Rooms['present'] = (all) => all.filter(({ path }) => !absent.has(path));
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
          idPrefix: config.venue.clientIdPrefix,
          stopLossPercent: config.trading.stopLossPercent,
          takeProfitPercent: config.trading.takeProfitPercent,
          leverage: config.trading.leverage,
          nakedAlarmMs: config.execution.nakedAlarmMs,
          nakedCloseMs: config.execution.nakedCloseMs,
          unknownPositions,
          journal: refs.journal,
          gateway: refs.gateway,
          governor: refs.governor,
          decisions: refs.decisions,
          findings: refs.findings,
          watchdog: refs.watchdog,
          watchers: present([refs.governor, refs.bridge, refs.exits, refs.readiness, refs.reconciler, refs.market, refs.tradingState, refs.locks, refs.watchdog, ...(parts.readModels === undefined ? [] : [refs.readModels])]),
        }),
      );
  }
  const executorOf = (symbol: SymbolName) => executors.pool.member(symbol);
  const executorKeys = () => executors.pool.keys();
  const rooms: Rooms = { ...parts, ...strategies, present, refs, authority, executors: executors.pool, executorOf, executorKeys };

  const spec = supervisor('vigil', 'A supervised trading pipeline.', [
    worker(refs.journal, journalBehaviour(store, { listeners: [refs.http, refs.decisions], subscribers: [refs.governor], watchdog: refs.watchdog, retentionDays: config.journal.retentionDays }), { shutdown: 2_000 }),
    worker(refs.findings, findingsBehaviour({ journal: refs.journal, watchdog: refs.watchdog })),
    operatorRoom(rooms),
    venueRoom(rooms),
    stateRoom(rooms),
    worker(refs.governor, governorBehaviour({ issuer: authority.issuer, limits: config.risk, executorOf, executors: executorKeys, journal: refs.journal, decisions: refs.decisions })),
    executors.spec,
    worker(refs.reconciler, reconcilerBehaviour({ gateway: refs.gateway, executorOf, executors: executorKeys, subscribers: [refs.governor, refs.readiness], watchdog: refs.watchdog, findings: refs.findings, tags, unknownPositions, refuse, afterCrash: parts.afterCrash === true })),
    ...(parts.exitsAlone === true ? [] : [worker(refs.auditor, auditorBehaviour({ gateway: refs.gateway, journal: refs.journal, reconciler: refs.reconciler, tradingState: refs.tradingState, findings: refs.findings, watchdog: refs.watchdog, executors: executorKeys, tags, nakedCloseMs: config.execution.nakedCloseMs, startedAt: parts.facts.startedAt })), decisionsRoom(rooms), shadowRoom(rooms)]),
    worker(refs.watchdog, watchdogBehaviour({ contracts: flowContracts(config, { live: strategies.generators.map((one) => one.name), shadows: strategies.shadows.map((one) => one.name) }), tree: () => system.tree(), kill: (path, reason) => void system.control(path, 'kill', reason), tradingState: refs.tradingState, startAfresh: parts.startAfresh })),
  ]);
  return { spec, executors: executors.pool, executorSpec: (symbol) => executorSpec(system.ref(`executor/${symbol}`), symbol), governor: refs.governor, gatherers: [refs.decisions], epochs: authority.epochs, openers: [...strategies.generators.map((one) => one.ref.path), 'bridge'] };
}
