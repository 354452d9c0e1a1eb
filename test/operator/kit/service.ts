/** A small real service: nact's turns, the system's clock, real sockets, and actors that answer what the operator asks. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import type { IncomingHttpHeaders, RequestOptions } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { journalBehaviour } from '../../../src/actors/journal.ts';
import { operatorHttpBehaviour } from '../../../src/operator/http-actor.ts';
import type { OperatorHttpMessage } from '../../../src/operator/http-actor.ts';
import { decisionLogBehaviour } from '../../../src/operator/decision-log.ts';
import type { DecisionLogInternal } from '../../../src/operator/decision-log.ts';
import type { Addresses, AuditEntry, OperatorOptions } from '../../../src/operator/options.ts';
import type { JournalMessage, LocksMessage, TradingStateActorMessage, UniverseActorMessage } from '../../../src/protocol/messages.ts';
import type { AlertView, FlowView } from '../../../src/protocol/read-models.ts';
import type { LifeView, Lock, ReadinessView, TradingStateView } from '../../../src/protocol/views.ts';
import type { SymbolName } from '../../../src/protocol/names.ts';
import type { Replying } from '../../../src/protocol/replying.ts';
import type { ActorLog, Behaviour } from '../../../src/supervision/behaviour.ts';
import { same } from '../../../src/supervision/behaviour.ts';
import { supervisor, worker } from '../../../src/supervision/child-spec.ts';
import type { ChildSpec } from '../../../src/supervision/child-spec.ts';
import { systemClock } from '../../../src/supervision/clock.ts';
import type { LifecycleEvent } from '../../../src/supervision/inspection.ts';
import { nactTurns } from '../../../src/supervision/nact.ts';
import { SeededRandom } from '../../../src/supervision/random.ts';
import type { Tagged } from '../../../src/supervision/ref.ts';
import { ActorSystem } from '../../../src/supervision/system.ts';
import { MemoryJournal } from '../../kit/memory-journal.ts';

export const RACOON = '币安人生USDT' as SymbolName;
export const GPS = 'GPSUSDT' as SymbolName;

/** What the test's actors answer; a test changes it as it goes. `silent`: takes the question and never answers. */
interface Facts {
  readiness: ReadinessView | 'silent';
  tradingState: TradingStateView;
  refuseTradingState?: string;
  lives: Map<SymbolName, LifeView>;
  market: unknown;
  flows: readonly FlowView[];
  alerts: readonly AlertView[];
  locks: readonly Lock[];
  /** What it was told, and why it accepts nothing. */
  readonly universe: { readonly asked: string[]; refuse: string | undefined };
}

export interface TestService {
  readonly system: ActorSystem;
  readonly dataDir: string;
  readonly facts: Facts;
  readonly audit: AuditEntry[];
  readonly stops: string[];
  readonly logged: { level: string; fields: object; message: string }[];
  readonly addresses: Addresses;
  readonly port: number;
  readonly token: string;
  started(path: string, incarnation: number): Promise<void>;
  close(): Promise<void>;
}

type JournalInternal = Parameters<ReturnType<typeof journalBehaviour>['receive']>[1];

export function flat(symbol: SymbolName): LifeView {
  return { symbol, phase: 'Flat', notional: '0', leverageConfirmed: true, reconciledEpoch: 1 };
}

/** Answers from `facts`, whatever it is asked. */
function actor(role: string, view: () => unknown, receive: Behaviour<Tagged, null>['receive'] = () => same): Behaviour<Tagged, null> {
  return { role, purpose: `${role} of a test`, consumes: {} as Record<string, string>, emits: [], mailbox: { capacity: 100, overflow: 'reject', onRestart: 'keep' }, init: () => null, receive, view };
}

function readiness(facts: Facts): Behaviour<Tagged, null> {
  return actor('readiness', () => null, (_state, message, ctx) => {
    if (facts.readiness !== 'silent') ctx.answering(message as Tagged & Replying<ReadinessView>)(facts.readiness);
    return same;
  });
}

function watchdog(facts: Facts): Behaviour<Tagged, null> {
  return actor('watchdog', () => null, (_state, message, ctx) => {
    ctx.answering(message as Tagged & Replying<readonly unknown[]>)(message.type === 'get-flows' ? facts.flows : facts.alerts);
    return same;
  });
}

function universe(facts: Facts): Behaviour<Tagged, null>['receive'] {
  return (_state, raw, ctx) => {
    const message = raw as UniverseActorMessage;
    facts.universe.asked.push(message.type);
    if (message.type === 'accept') ctx.answering(message)(facts.universe.refuse === undefined ? { ok: true, version: 3 } : { ok: false, message: facts.universe.refuse });
    return same;
  };
}

function locks(facts: Facts): Behaviour<Tagged, null>['receive'] {
  return (_state, raw, ctx) => {
    const message = raw as LocksMessage;
    if (message.type === 'get') ctx.answering(message)({ locks: facts.locks, judged: new Map() });
    else if (message.type === 'clear') {
      const found = facts.locks.some((one) => one.lockId === message.lockId);
      facts.locks = facts.locks.filter((one) => one.lockId !== message.lockId);
      ctx.answering(message)(found ? { ok: true } : { ok: false, message: `there is no lock ${message.lockId}` });
    }
    return same;
  };
}

function tradingState(facts: Facts): Behaviour<Tagged, null> {
  return actor('trading-state', () => null, (_state, raw, ctx) => {
    const message = raw as TradingStateActorMessage;
    if (message.type === 'get') ctx.answering(message)(facts.tradingState);
    else if (facts.refuseTradingState !== undefined) ctx.answering(message)({ ok: false, message: facts.refuseTradingState });
    else {
      const { symbol, state, reason } = message;
      const symbols = new Map(facts.tradingState.symbols);
      if (symbol !== undefined) symbols.set(symbol, state);
      facts.tradingState = { ...facts.tradingState, ...(symbol === undefined ? { overall: state } : { symbols }), cause: reason, tradingEpoch: facts.tradingState.tradingEpoch + 1 };
      ctx.answering(message)({ ok: true, view: facts.tradingState });
    }
    return same;
  });
}

export function tempDir(): string {
  return mkdtempSync(join(tmpdir(), 'vigil-op-'));
}

/** `children`: more actors, for what those of every test do not do; `executors`: whose are the usual ones. */
export async function startService(options: { dataDir?: string; listen?: string; token?: string; allowControl?: boolean; children?: (system: ActorSystem) => readonly ChildSpec[]; executors?: readonly SymbolName[] } = {}): Promise<TestService> {
  const dataDir = options.dataDir ?? tempDir();
  const facts: Facts = {
    readiness: { ready: true, missing: [], behind: [], since: Date.now() - 5_000 },
    tradingState: { overall: 'ACTIVE', symbols: new Map(), cause: 'start', since: Date.now() - 5_000, tradingEpoch: 1, activatedAt: 0 },
    lives: new Map([GPS, RACOON].map((symbol) => [symbol, flat(symbol)])),
    market: { symbols: [{ symbol: GPS, mark: '0.0105', markAgeMs: 120 }, { symbol: RACOON, mark: '1.5', markAgeMs: 90 }] },
    flows: [],
    alerts: [],
    locks: [],
    universe: { asked: [], refuse: undefined },
  };
  const logged: TestService['logged'] = [];
  const logFor = (): ActorLog => {
    const write = (level: string) => (fields: object, message: string) => void logged.push({ level, fields, message });
    return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  };
  const random = new SeededRandom(Date.now());
  const system = new ActorSystem({ clock: systemClock, random, turns: nactTurns, logFor });
  const audit: AuditEntry[] = [];
  const stops: string[] = [];
  let addresses: Addresses | undefined;
  const operator: OperatorOptions = {
    system,
    service: { mode: 'paper', configHash: 'c0ffee', buildId: 'test', incarnation: 7, startedAt: Date.now() - 60_000, dataDir, stop: (reason) => void stops.push(reason) },
    refs: { readiness: system.ref('readiness'), tradingState: system.ref('trading-state'), decisions: system.ref('operator/decision-log'), watchdog: system.ref('watchdog'), universe: system.ref('universe'), locks: system.ref('locks'), intake: system.ref('intake'), reconciler: system.ref('reconciler'), auditor: system.ref('auditor') },
    intentTokens: new Map([['desk', 'a-token-of-the-desk']]),
    executors: { keys: () => [GPS, RACOON] },
    symbols: () => [GPS, RACOON],
    http: { listen: options.listen ?? '127.0.0.1:0', allowControl: options.allowControl ?? false, ...(options.token === undefined ? {} : { token: options.token }) },
    audit: { record: (entry) => void audit.push(entry) },
    onListening: (now) => (addresses = now),
  };
  await system.start(
    supervisor('vigil', 'the root of a test', [
      worker(system.ref<JournalInternal>('journal'), journalBehaviour(new MemoryJournal(), { listeners: [system.ref<OperatorHttpMessage>('operator/http'), system.ref<DecisionLogInternal>('operator/decision-log')] })),
      supervisor('operator', 'the operator', [worker(system.ref<DecisionLogInternal>('operator/decision-log'), decisionLogBehaviour({ journal: system.ref<JournalMessage>('journal'), listeners: [system.ref<OperatorHttpMessage>('operator/http')] })), worker(system.ref<OperatorHttpMessage>('operator/http'), operatorHttpBehaviour(operator))]),
      worker(system.ref('market'), actor('market', () => facts.market)),
      worker(system.ref('universe'), actor('universe', () => ({ version: 3, symbols: [GPS, RACOON], excluded: [{ symbol: 'OLDUSDT', reason: 'NOT_LISTED', detail: 'unknown to the venue' }] }), universe(facts))),
      worker(system.ref('account'), actor('account', () => ({ equity: '10000.5', apiKey: 'never-shown', observedAt: 1 }))),
      worker(system.ref('locks'), actor('locks', () => null, locks(facts))),
      worker(system.ref('trading-state'), tradingState(facts)),
      supervisor('executors', 'one a symbol', (options.executors ?? [GPS, RACOON]).map((symbol) => worker(system.ref(`executor/${symbol}`), actor('executor', () => ({ life: facts.lives.get(symbol) }))))),
      worker(system.ref('readiness'), readiness(facts)),
      ...(options.children?.(system) ?? []),
      worker(system.ref('watchdog'), watchdog(facts)),
    ]),
    (error) => {
      throw error;
    },
  );
  const { url } = addresses!;
  return {
    system, dataDir, facts, audit, stops, logged,
    addresses: addresses!,
    port: url === undefined ? 0 : Number(new URL(url).port),
    token: url === undefined ? '' : decodeURIComponent(new URL(url).hash.slice('#token='.length)),
    started: (path, incarnation) => until(system, (event) => event.type === 'started' && event.path === path && event.incarnation >= incarnation, () => (system.inspect(path)?.incarnation ?? 0) >= incarnation && system.inspect(path)?.status === 'running'),
    async close() {
      await system.stop('the test is over');
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function until(system: ActorSystem, matches: (event: LifecycleEvent) => boolean, already: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    if (already()) return resolve();
    const off = system.subscribe((event) => {
      if (!matches(event)) return;
      off();
      resolve();
    });
  });
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- what a test looks into is what the interface promises
  readonly json: any;
}

/** One request, as raw as it is given. */
export function send(to: RequestOptions, body?: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const call = request({ agent: false, ...to, headers: { ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }), ...(to.headers as object) } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString();
        const json: unknown = answer.headers['content-type']?.startsWith('application/json') === true && text !== '' ? JSON.parse(text) : undefined;
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json });
      });
    });
    call.on('error', reject);
    call.end(body);
  });
}

/** Over the admin socket, JSON in and out. */
export function onSocket(service: TestService) {
  const to = (method: string, path: string): RequestOptions => ({ socketPath: service.addresses.socket, method, path });
  return {
    get: (path: string) => send(to('GET', path)),
    post: (path: string, body?: unknown) => send({ ...to('POST', path), ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' } }) }, body === undefined ? undefined : JSON.stringify(body)),
    raw: (method: string, path: string, body?: string, headers: Record<string, string> = {}) => send({ ...to(method, path), headers }, body),
  };
}
