/** What the rooms of the tree are composed from: what the process brings, the actors by reference, and who has an executor. */
import type { accountBehaviour } from '../../actors/account.ts';
import type { auditorBehaviour } from '../../actors/auditor.ts';
import type { bridgeBehaviour } from '../../actors/bridge.ts';
import type { ExecutorInternal } from '../../actors/executor/state.ts';
import type { exitsBehaviour } from '../../actors/exits/exits.ts';
import type { findingsBehaviour } from '../../actors/findings.ts';
import type { gatewayBehaviour } from '../../actors/gateway.ts';
import type { generatorBehaviour } from '../../actors/generator.ts';
import type { governorBehaviour } from '../../actors/governor.ts';
import type { intakeBehaviour } from '../../actors/intake.ts';
import type { journalBehaviour } from '../../actors/journal.ts';
import type { listenKeyBehaviour } from '../../actors/listen-key.ts';
import type { locksBehaviour } from '../../actors/locks.ts';
import type { marketBehaviour } from '../../actors/market/market.ts';
import type { paperProcessBehaviour } from '../../actors/paper-process.ts';
import type { readModelsBehaviour } from '../../actors/read-models.ts';
import type { readinessBehaviour } from '../../actors/readiness.ts';
import type { reconcilerBehaviour } from '../../actors/reconciler.ts';
import type { shadowBehaviour } from '../../actors/shadow.ts';
import type { Source } from '../../actors/strategies/evaluations.ts';
import { nameOf } from '../../actors/strategies/evaluations.ts';
import type { tradingStateBehaviour } from '../../actors/trading-state.ts';
import type { universeBehaviour } from '../../actors/universe.ts';
import type { userStreamBehaviour } from '../../actors/user-stream.ts';
import type { watchdogBehaviour } from '../../actors/watchdog.ts';
import type { Config } from '../../config.ts';
import type { decisionLogBehaviour } from '../../operator/decision-log.ts';
import type { operatorHttpBehaviour } from '../../operator/http-actor.ts';
import type { Addresses, AuditEntry } from '../../operator/options.ts';
import type { Journal, ReadModels, TradingStateFile, VenueRestFile } from '../../persistence/port.ts';
import type { DenialCode } from '../../protocol/denials.ts';
import type { VigilError } from '../../protocol/errors.ts';
import type { SymbolName } from '../../protocol/names.ts';
import type { PermitIssuer, PermitRedeemer, TradingEpochs } from '../../protocol/permit.ts';
import type { Behaviour } from '../../supervision/behaviour.ts';
import type { Clock } from '../../supervision/clock.ts';
import type { Pool } from '../../supervision/pool.ts';
import type { Ref, Tagged } from '../../supervision/ref.ts';
import type { ActorSystem } from '../../supervision/system.ts';
import type { VenueWrite } from '../../protocol/venue.ts';
import type { Venue } from '../../venue/port.ts';
import type { StrategyRoles } from '../strategies.ts';

export interface TreeParts {
  readonly system: ActorSystem;
  readonly clock: Clock;
  readonly config: Config;
  readonly policy: readonly SymbolName[] | undefined;
  readonly strategies: StrategyRoles;
  /** Without the rooms that decide: what is open is managed and closed, and nothing is opened. */
  readonly exitsAlone?: boolean;
  /** The service worked here, has crashed, and may have left positions open. */
  readonly afterCrash?: boolean;
  readonly journal: Journal;
  /** Asked right before each send: why it may not be sent now. */
  readonly mayRedeem: (write: VenueWrite) => { readonly code: DenialCode; readonly detail: string } | undefined;
  /** Where positions and decisions are shown to other programs; undefined: nowhere. */
  readonly readModels: ReadModels | undefined;
  readonly tradingState: TradingStateFile;
  readonly venue: Venue;
  readonly venueRest: VenueRestFile;
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

/** The messages that a role's behaviour takes. */
type Taken<Make extends (...options: never[]) => unknown> = ReturnType<Make> extends Behaviour<infer Message, infer _State> ? Message : never;

/** One actor of a strategy. */
export interface StrategyActor<Message> {
  readonly name: string;
  readonly source: Source;
  readonly ref: Ref<Message>;
}

/** Every role that others speak to. */
export function refsOf(system: ActorSystem) {
  const ref = <Message extends Tagged>(path: string) => system.ref<Message>(path);
  return {
    journal: ref<Taken<typeof journalBehaviour>>('journal'),
    findings: ref<Taken<typeof findingsBehaviour>>('findings'),
    decisions: ref<Taken<typeof decisionLogBehaviour>>('operator/decision-log'),
    http: ref<Taken<typeof operatorHttpBehaviour>>('operator/http'),
    readModels: ref<Taken<typeof readModelsBehaviour>>('operator/read-models'),
    paper: ref<Taken<typeof paperProcessBehaviour>>('paper'),
    gateway: ref<Taken<typeof gatewayBehaviour>>('gateway'),
    market: ref<Taken<typeof marketBehaviour>>('market'),
    listenKey: ref<Taken<typeof listenKeyBehaviour>>('listen-key'),
    userStream: ref<Taken<typeof userStreamBehaviour>>('user-stream'),
    universe: ref<Taken<typeof universeBehaviour>>('universe'),
    account: ref<Taken<typeof accountBehaviour>>('account'),
    tradingState: ref<Taken<typeof tradingStateBehaviour>>('trading-state'),
    locks: ref<Taken<typeof locksBehaviour>>('locks'),
    readiness: ref<Taken<typeof readinessBehaviour>>('readiness'),
    governor: ref<Taken<typeof governorBehaviour>>('governor'),
    reconciler: ref<Taken<typeof reconcilerBehaviour>>('reconciler'),
    auditor: ref<Taken<typeof auditorBehaviour>>('auditor'),
    bridge: ref<Taken<typeof bridgeBehaviour>>('bridge'),
    intake: ref<Taken<typeof intakeBehaviour>>('intake'),
    exits: ref<Taken<typeof exitsBehaviour>>('exits'),
    watchdog: ref<Taken<typeof watchdogBehaviour>>('watchdog'),
  };
}

/** The strategies that trade, and those that only watch. */
export function strategyActors(system: ActorSystem, { live, shadows }: StrategyRoles) {
  const actor = <Message>(room: string) => (source: Source): StrategyActor<Message> => ({ name: nameOf(source).name, source, ref: system.ref<Message>(`${room}/${nameOf(source).name}`) });
  return { generators: live.map(actor<Taken<typeof generatorBehaviour>>('generator')), shadows: shadows.map(actor<Taken<typeof shadowBehaviour>>('shadow')) };
}

/** What each room is given. */
export interface Rooms extends TreeParts, ReturnType<typeof strategyActors> {
  /** Of those who want to be told, the ones that run: an offline flatten composes only what closes. */
  readonly present: <One extends { readonly path: string }>(all: readonly One[]) => readonly One[];
  readonly refs: ReturnType<typeof refsOf>;
  readonly authority: { readonly issuer: PermitIssuer; readonly redeemer: PermitRedeemer; readonly epochs: TradingEpochs };
  readonly executors: Pool<ExecutorInternal, SymbolName>;
  readonly executorOf: (symbol: SymbolName) => Ref<ExecutorInternal>;
  readonly executorKeys: () => readonly SymbolName[];
}

/** A ticker is polled every `market.tickerMs`; four missed polls make it unknown. */
export const TICKER_POLLS_MISSED = 4;
