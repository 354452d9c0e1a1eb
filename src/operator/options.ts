/** What the operator's room is given by the service; it asks for nothing else, so that nothing of trading depends on it. */
import type { AuditorMessage, DecisionLogMessage, IntakeMessage, LocksMessage, ReconcilerMessage, TradingStateActorMessage, UniverseActorMessage, WatchdogMessage } from '../protocol/messages.ts';
import type { ReadinessView } from '../protocol/views.ts';
import type { SymbolName } from '../protocol/names.ts';
import type { Replying } from '../protocol/replying.ts';
import type { Ref } from '../supervision/ref.ts';
import type { ActorSystem } from '../supervision/system.ts';

/** The process, as it says of itself. `incarnation` counts the starts of the service on this data directory. */
interface ServiceFacts {
  readonly mode: string;
  readonly configHash: string;
  readonly buildId: string;
  readonly incarnation: number;
  /** Wall time, ms. */
  readonly startedAt: number;
  /** Absolute, or relative to the working directory. */
  readonly dataDir: string;
  /** Begins the orderly stop; called after the asker has its answer. */
  stop(reason: string): void;
}

/** One act of an operator. `target` is a role path, a symbol, `all` or `service`; `by` says through which door. */
export interface AuditEntry {
  readonly action: 'kill' | 'restart' | 'suspend' | 'resume' | 'unpark' | 'discard' | 'reset-stats' | 'trace' | 'clear-dead-letters' | 'halt' | 'reduce' | 'activate' | 'flatten' | 'stop' | 'refresh-universe' | 'accept-universe' | 'clear-lock' | 'reconcile' | 'adopt' | 'audit';
  readonly target: string;
  readonly reason: string;
  readonly by: 'operator@socket' | 'operator@tcp';
}

export interface Addresses {
  /** The admin socket's real path. */
  readonly socket: string;
  /** With the token in the fragment; for the operator's eyes, never for a log. Undefined: TCP is off. */
  readonly url: string | undefined;
}

export interface OperatorOptions {
  readonly system: ActorSystem;
  readonly service: ServiceFacts;
  readonly refs: {
    readonly readiness: Ref<{ readonly type: 'get' } & Replying<ReadinessView>>;
    readonly tradingState: Ref<TradingStateActorMessage>;
    readonly decisions: Ref<DecisionLogMessage>;
    readonly watchdog: Ref<WatchdogMessage>;
    readonly universe: Ref<UniverseActorMessage>;
    readonly locks: Ref<LocksMessage>;
    readonly intake: Ref<IntakeMessage>;
    readonly reconciler: Ref<ReconcilerMessage>;
    readonly auditor: Ref<AuditorMessage>;
  };
  /** The symbols that have an executor; each is inspected at `executor/SYMBOL`, whose state is `{ life: LifeView }`. */
  readonly executors: { keys(): readonly SymbolName[] };
  /** The symbols that may be named in an order of the operator; undefined while the universe is unknown. */
  readonly symbols?: () => readonly string[] | undefined;
  /** Tokens of external sources, by source; empty: they come over the socket alone. */
  readonly intentTokens: ReadonlyMap<string, string>;
  readonly http: {
    /** `HOST:PORT` on loopback, or `off`. Port 0 takes a free one, and keeps it over restarts of the actor. */
    readonly listen: string;
    /** Instead of the one in `<dataDir>/http-token`. */
    readonly token?: string;
    readonly allowControl: boolean;
  };
  /** Called before an act is carried out; when it throws, nothing is carried out. */
  readonly audit: { record(entry: AuditEntry): void };
  /** Called at every start of the actor. */
  readonly onListening?: (addresses: Addresses) => void;
}
