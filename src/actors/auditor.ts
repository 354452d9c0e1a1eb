/** The auditor: reads the venue's own lists, symbol by symbol, and holds them against the journal, hourly and when asked; what it finds halts trading (ruling 12). */
import type { ActorContext, Behaviour, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime, isoTimeOrNull } from '../supervision/clock.ts';
import type { Ref } from '../supervision/ref.ts';
import { ZERO } from '../protocol/decimal.ts';
import { FINDING_KEPT } from '../protocol/findings.ts';
import type { KeptFinding } from '../protocol/findings.ts';
import { LIFE_VERSIONS } from '../protocol/life-events.ts';
import type { AuditAnswer, AuditorMessage, FindingMessage, GatewayMessage, JournalEntryDraft, JournalMessage, ReadAnswer, ReconcileAnswer, ReconcilerMessage, StandingMessage, TradingStateActorMessage } from '../protocol/messages.ts';
import type { SymbolName } from '../protocol/names.ts';
import type { ReadName, VenueReads } from '../protocol/venue.ts';
import { VIEW_EVERY_MS } from '../protocol/views.ts';
import { audit } from '../rules/audit.ts';
import { NO_COUNTS } from '../rules/audit/facts.ts';
import type { AuditCounts, AuditFinding } from '../rules/audit/facts.ts';
import { addCounts, auditedSince, auditedThrough, isToConfirm, recordedLife, SETTLE_MS } from '../rules/audit-run.ts';
import type { AuditedThrough } from '../rules/audit-run.ts';
import { AuditHalt } from './audit-halt.ts';
import type { HaltMessage } from './audit-halt.ts';
import { entityOf } from './executor/record.ts';

const EVERY_MS = 3_600_000;
/** The first, when everything has come to rest after the start. */
const FIRST_MS = 120_000;
/** Orders are listed from so long before: a stop may stand for days, and whose a fill is its order says. */
const ORDER_REACH_MS = 6 * 86_400_000;
const READ_TIMEOUT_MS = 15_000;
const JOURNAL_TIMEOUT_MS = 10_000;
const RECONCILE_TIMEOUT_MS = 15_000;
/** Something happened to the symbol while its lists were read: they are read again, so often. */
const READINGS = 4;
const READ_AGAIN_MS = 2_000;
/** After a reconciliation, what is still on its way has come. */
const CONFIRM_AFTER_MS = 5_000;
/** Without an audit for so long nobody is known to be looking. */
const OVERDUE_MS = 3 * EVERY_MS;

const PARTS = ['orders', 'algoOrders', 'openAlgoOrders', 'trades', 'positions'] as const satisfies readonly ReadName[];
type Part = (typeof PARTS)[number];
type Parts = { [P in Part]?: VenueReads[P]['answer'] };

export interface AuditorOptions {
  readonly gateway: Ref<GatewayMessage>;
  readonly journal: Ref<JournalMessage>;
  readonly reconciler: Ref<ReconcilerMessage>;
  readonly tradingState: Ref<TradingStateActorMessage>;
  readonly findings: Ref<FindingMessage>;
  readonly watchdog: Ref<StandingMessage>;
  readonly executors: () => readonly SymbolName[];
  /** This instance's tag, and those it was told to take over. */
  readonly tags: readonly string[];
  /** A position may be without a stop for so long: it is closed then. */
  readonly nakedCloseMs: number;
  /** When the process started, wall time, ms: nobody placed stops before. */
  readonly startedAt: number;
}

type Internal =
  | AuditorMessage
  | { readonly type: 'due' }
  | { readonly type: 'known'; readonly outcome: Outcome<readonly JournalEntryDraft[]> }
  | { readonly type: 'look'; readonly run: number }
  | { readonly type: 'part'; readonly look: number; readonly part: Part; readonly outcome: Outcome<ReadAnswer<Part>> }
  | { readonly type: 'entries'; readonly look: number; readonly outcome: Outcome<readonly JournalEntryDraft[]> }
  | { readonly type: 'reconciled'; readonly run: number; readonly outcome: Outcome<ReconcileAnswer> }
  | HaltMessage
  | { readonly type: 'heartbeat' };

interface Look {
  readonly number: number;
  readonly symbol: SymbolName;
  readonly startedAt: number;
  readonly parts: Parts;
}

type EarlierAudits = NonNullable<Extract<AuditAnswer, { ok: true }>['earlier']>;

interface Run {
  readonly number: number;
  readonly startedAt: number;
  queue: SymbolName[];
  look: Look | undefined;
  /** How often each was read. */
  readonly readings: Map<SymbolName, number>;
  readonly findings: Map<SymbolName, readonly AuditFinding[]>;
  readonly counts: Map<SymbolName, AuditCounts>;
  /** From when on each was judged. */
  readonly since: Map<SymbolName, number>;
  readonly skipped: Set<SymbolName>;
  /** Where the next audit begins, once this one has come to its end. */
  readonly through: Map<SymbolName, AuditedThrough>;
  /** Whether what is to be confirmed is being read a second time. */
  confirming: boolean;
}

interface State {
  run: Run | undefined;
  runs: number;
  looks: number;
  readonly through: Map<SymbolName, AuditedThrough>;
  readonly halt: AuditHalt;
  loaded: boolean;
  waiting: ((answer: AuditAnswer) => void)[];
  /** All that came to an end, before the one that runs. */
  earlier: EarlierAudits | undefined;
  lastAt: number | undefined;
  lastFindings: number;
  lastFailure: string | null;
}

type Context = ActorContext<Internal>;

export function auditorBehaviour(options: AuditorOptions): Behaviour<Internal, State> {
  return {
    role: 'auditor',
    purpose: 'Finds what the venue has and the journal does not allow or know, without asking who did it.',
    consumes: { audit: 'look now, and say what was found', due: 'an audit is due', known: 'what was found before', look: 'the next symbol is due', part: 'one of the venue\'s lists', entries: 'the journal of a symbol', reconciled: 'what differed was reconciled', halted: 'trading is halted, or is not', halt: 'it is to be halted once more', heartbeat: 'the alerts are due' },
    emits: ['read → gateway', 'read, read-types → journal', 'reconcile-now → reconciler', 'finding → findings', 'set → trading-state', 'standing → watchdog'],
    mailbox: { capacity: 200, overflow: 'reject', onRestart: 'flush' },
    init(ctx) {
      ctx.timers.once('due', FIRST_MS, { type: 'due' });
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      return { run: undefined, runs: 0, looks: 0, through: new Map(), halt: new AuditHalt(options.tradingState), loaded: false, waiting: [], earlier: undefined, lastAt: undefined, lastFindings: 0, lastFailure: null };
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'audit':
          state.waiting.push(ctx.answering(message));
          if (state.run === undefined) begin(state, ctx);
          return same;
        case 'due':
          ctx.timers.once('due', EVERY_MS, { type: 'due' });
          if (state.run === undefined) begin(state, ctx);
          return same;
        case 'known':
          if (!message.outcome.ok) return fail(state, `what was found before: ${message.outcome.error.message}`, ctx);
          state.halt.know(message.outcome.value.map(({ payload }) => payload as KeptFinding));
          state.loaded = true;
          look(state, ctx);
          return same;
        case 'look':
          if (message.run === state.run?.number) look(state, ctx);
          return same;
        case 'part':
          onPart(state, message, ctx);
          return same;
        case 'entries':
          onEntries(state, message, ctx);
          return same;
        case 'reconciled':
          if (message.run === state.run?.number) ctx.timers.once('look', CONFIRM_AFTER_MS, { type: 'look', run: message.run });
          return same;
        case 'halted':
          state.halt.answered(message.outcome, ctx);
          return same;
        case 'halt':
          state.halt.ask(ctx);
          return same;
        case 'heartbeat': {
          const overdue = ctx.clock.now() - (state.lastAt ?? options.startedAt) > OVERDUE_MS;
          ctx.tell(options.watchdog, { type: 'standing', from: ctx.path, alerts: overdue ? [{ name: 'audit-overdue', message: `no audit has come to an end since ${isoTime(state.lastAt ?? options.startedAt)}: ${state.lastFailure ?? 'none was made'}. \`vigil audit\` makes one.` }] : [] });
          return same;
        }
      }
    },
    view: ({ run, runs, lastAt, lastFindings, lastFailure, earlier }) => ({ running: run === undefined ? null : { startedAt: isoTime(run.startedAt), symbol: run.look?.symbol ?? null, left: run.queue.length, confirming: run.confirming }, audits: runs, lastAt: isoTimeOrNull(lastAt), lastFindings, lastFailure, ended: earlier === undefined ? null : { audits: earlier.audits, since: isoTime(earlier.since), findings: earlier.findings } }),
  };

  function begin(state: State, ctx: Context): void {
    const now = ctx.clock.now();
    state.runs += 1;
    state.run = { number: state.runs, startedAt: now, queue: options.executors().toSorted(), look: undefined, readings: new Map(), findings: new Map(), counts: new Map(), since: new Map(), skipped: new Set(), through: new Map(), confirming: false };
    if (state.loaded) look(state, ctx);
    // By type: a Snapshot of the findings holds those that still stand, and an older one is as well known. What is found happened before.
    else ctx.ask(options.journal, { type: 'read-types', types: [FINDING_KEPT], since: auditedSince(undefined, now) }, JOURNAL_TIMEOUT_MS, (outcome) => ({ type: 'known', outcome }));
  }

  /** One symbol after the other, in the lane that waits for everybody: it hurries nobody. */
  function look(state: State, ctx: Context): void {
    const { run } = state;
    if (run === undefined) return;
    const symbol = run.queue.shift();
    if (symbol === undefined) return confirmOrEnd(state, run, ctx);
    state.looks += 1;
    const number = state.looks;
    run.look = { number, symbol, startedAt: ctx.clock.now(), parts: {} };
    run.readings.set(symbol, (run.readings.get(symbol) ?? 0) + 1);
    const since = auditedSince(state.through.get(symbol), run.startedAt);
    const queries = { orders: { symbol, since: since - ORDER_REACH_MS }, algoOrders: { symbol, since: since - ORDER_REACH_MS }, openAlgoOrders: { symbol }, trades: { symbol, since, background: true }, positions: { symbol } } as const satisfies { [P in Part]: VenueReads[P]['query'] };
    for (const part of PARTS) ctx.ask(options.gateway, { type: 'read', name: part, query: queries[part] } as Extract<GatewayMessage, { type: 'read' }>, READ_TIMEOUT_MS, (outcome) => ({ type: 'part', look: number, part, outcome: outcome as Outcome<ReadAnswer<Part>> }));
  }

  function onPart(state: State, { look: number, part, outcome }: Extract<Internal, { type: 'part' }>, ctx: Context): void {
    const now = state.run?.look;
    if (now === undefined || now.number !== number) return;
    if (!outcome.ok || !outcome.value.ok) return void fail(state, `${now.symbol}: ${part}: ${outcome.ok ? (outcome.value as { message: string }).message : outcome.error.message}`, ctx);
    Object.assign(now.parts, { [part]: outcome.value.value });
    if (!PARTS.every((one) => now.parts[one] !== undefined)) return;
    const through = state.through.get(now.symbol);
    const then = (answer: Outcome<readonly JournalEntryDraft[]>) => ({ type: 'entries', look: number, outcome: answer }) as const;
    if (through === undefined) ctx.ask(options.journal, { type: 'read', entity: entityOf(now.symbol) }, JOURNAL_TIMEOUT_MS, then);
    else ctx.ask(options.journal, { type: 'read-types', types: LIFE_VERSIONS.types, since: through.lifeAt }, JOURNAL_TIMEOUT_MS, then);
  }

  function onEntries(state: State, { look: number, outcome }: Extract<Internal, { type: 'entries' }>, ctx: Context): void {
    const { run } = state;
    const now = run?.look;
    if (run === undefined || now === undefined || now.number !== number) return;
    const { symbol, startedAt, parts } = now;
    if (!outcome.ok) return void fail(state, `${symbol}: journal: ${outcome.error.message}`, ctx);
    run.look = undefined;
    const entries = outcome.value.filter((entry) => entry.entity === entityOf(symbol));
    if (entries.some((entry) => entry.at >= startedAt)) {
      // The lists are of different moments.
      if ((run.readings.get(symbol) ?? 0) < READINGS) run.queue.unshift(symbol);
      else run.skipped.add(symbol);
      ctx.timers.once('look', READ_AGAIN_MS, { type: 'look', run: run.number });
      return;
    }
    const through = state.through.get(symbol);
    const settledBefore = startedAt - SETTLE_MS;
    const { orders = [], algoOrders = [], openAlgoOrders = [], trades = [], positions = [] } = parts;
    const algos = [...new Map([...algoOrders, ...openAlgoOrders].map((one) => [one.algoId, one])).values()];
    const since = auditedSince(through, run.startedAt);
    const { findings, counts } = audit({ orders, algoOrders: algos, trades, positions: positions.filter((one) => !one.quantity.isEqualTo(ZERO)) }, new Map([[symbol, recordedLife(symbol, through, entries)]]), {
      tags: options.tags,
      since,
      settledBefore,
      now: startedAt,
      // It is closed after that, which takes a moment, too.
      nakedBoundMs: 2 * options.nakedCloseMs,
      away: [{ from: 0, to: options.startedAt + options.nakedCloseMs }],
    });
    run.findings.set(symbol, findings);
    run.counts.set(symbol, counts);
    run.since.set(symbol, since);
    const next = auditedThrough(symbol, through, entries, settledBefore);
    if (next !== undefined) run.through.set(symbol, next);
    look(state, ctx);
  }

  function confirmOrEnd(state: State, run: Run, ctx: Context): void {
    const doubtful = [...run.findings].filter(([, findings]) => findings.some(isToConfirm)).map(([symbol]) => symbol);
    if (run.confirming || doubtful.length === 0) return end(state, run, ctx);
    run.confirming = true;
    run.queue = doubtful;
    ctx.log.warn({ symbols: doubtful }, 'the venue\'s lists and the journal differ; reconciling, and looking again');
    ctx.ask(options.reconciler, { type: 'reconcile-now', symbol: undefined }, RECONCILE_TIMEOUT_MS, (outcome) => ({ type: 'reconciled', run: run.number, outcome }));
  }

  function end(state: State, run: Run, ctx: Context): void {
    const findings = [...run.findings.values()].flat();
    const since = Math.min(...run.since.values(), run.startedAt);
    const { earlier } = state;
    state.run = undefined;
    // Each is found once; how things stand is judged every time.
    for (const [symbol, through] of run.through) state.through.set(symbol, through);
    state.lastAt = ctx.clock.now();
    state.lastFindings = findings.length;
    state.lastFailure = null;
    state.earlier = { audits: (earlier?.audits ?? 0) + 1, since: earlier?.since ?? since, findings: (earlier?.findings ?? 0) + findings.length };
    const counts = [...run.counts.values()].reduce(addCounts, NO_COUNTS);
    ctx.log.info({ symbols: run.counts.size, findings: findings.length, skipped: [...run.skipped], ...counts }, findings.length === 0 ? 'audit: the venue and the journal tell one story' : 'audit: findings');
    // First halted, then told: whoever reads of it finds trading halted already.
    const halting = state.halt.found(findings, ctx);
    for (const { code, symbol, subject, message } of findings) ctx.tell(options.findings, { type: 'finding', from: ctx.path, finding: { code, subject: `${symbol} ${subject}`, message } });
    for (const answer of state.waiting) answer({ ok: true, since, symbols: [...run.since].map(([symbol, from]) => ({ symbol, since: from })), skipped: [...run.skipped], findings: findings.map((one) => ({ ...one, halts: halting.has(one) })), counts: { ...counts }, earlier });
    state.waiting = [];
  }

  function fail(state: State, reason: string, ctx: Context) {
    state.run = undefined;
    state.lastFailure = reason;
    ctx.log.warn({ reason }, 'the audit could not be made');
    for (const answer of state.waiting) answer({ ok: false, message: reason });
    state.waiting = [];
    return same;
  }
}
