/** What the account is worth and how it does, by the exchange's own observation and its time; no default, no guess (failure 73). */
import type { ActorContext, Behaviour, InitContext, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTimeOrNull } from '../supervision/clock.ts';
import { ACCEPTED } from '../supervision/flow/flow-contract.ts';
import type { Ref } from '../supervision/ref.ts';
import type { Decimal } from '../protocol/decimal.ts';
import { text, ZERO } from '../protocol/decimal.ts';
import { SNAPSHOT_TYPE } from '../protocol/versions.ts';
import { VIEW_EVERY_MS } from '../protocol/views.ts';
import type { AccountMessage, FlowedMessage, GatewayMessage, JournalEntryDraft, JournalMessage, ReadAnswer } from '../protocol/messages.ts';
import type { EquityView } from '../protocol/views.ts';
import type { VenueAccount, VenueIncome } from '../protocol/venue.ts';
import { explainWallet, kindOf } from '../rules/account/income.ts';
import { beginsDay, observe, performanceView } from '../rules/account/performance.ts';
import type { Performance } from '../rules/account/performance.ts';
import { readPerformance } from '../rules/account/record.ts';
import { Outbox } from './outbox.ts';
import type { Recorded } from './outbox.ts';
import { publish } from './publish.ts';

const READ_TIMEOUT_MS = 10_000;
const JOURNAL_TIMEOUT_MS = 8_000;
const RETRY_MS = 2_000;
/** After an ACCOUNT_UPDATE the account is read again, once for a burst of them: the event names only what changed. */
const AFTER_EVENT_MS = 300;
/** Between two entries of the journal; a new peak of the session is kept at once. */
const KEEP_EVERY_MS = 60_000;
/** Income that was not read for so long is not known. */
const INCOME_MAX_AGE_MS = 300_000;
/** Rows of the same moment as the last observation may have been written after it was read. */
const INCOME_OVERLAP_MS = 10_000;
const DAY_MS = 86_400_000;
const ENTITY = 'account';
/** Before that: one a day. */
const DAYS = 'account/';

export interface AccountOptions {
  readonly gateway: Ref<GatewayMessage>;
  readonly journal: Ref<JournalMessage>;
  readonly pollMs: number;
  readonly dailyLossPercent: string;
  readonly subscribers: readonly Ref<{ readonly type: 'equity'; readonly view: EquityView }>[];
  readonly watchdog: Ref<FlowedMessage>;
}

type Internal =
  | AccountMessage
  | { readonly type: 'poll' }
  | { readonly type: 'account'; readonly outcome: Outcome<ReadAnswer<'account'>> }
  | { readonly type: 'income'; readonly account: VenueAccount; readonly outcome: Outcome<ReadAnswer<'income'>> }
  | Recorded
  | { readonly type: 'heartbeat' };

interface AccountState {
  account: VenueAccount | undefined;
  performance: Performance | undefined;
  activatedAt: number;
  readonly outbox: Outbox;
  /** What was last worth an entry, and what the last entry says. */
  kept: Performance | undefined;
  recorded: Performance | undefined;
  /** A reading after an event is on its way; further events do not put it off. */
  soon: boolean;
  lastFailure: string | null;
}

type Context = ActorContext<Internal>;

export function accountBehaviour(options: AccountOptions): Behaviour<Internal, AccountState> {
  return {
    role: 'account',
    purpose: 'Observes equity and available margin, and how far they are below where they were.',
    consumes: { 'user-event': 'the account changed', 'trading-state': 'an activation begins a session', poll: 'a reading is due', account: 'the venue\'s answer', income: 'what came and went', recorded: 'the journal\'s answer', heartbeat: 'the view is due' },
    emits: ['equity → governor, readiness, trading-state, locks', 'append → journal', 'flowed → watchdog'],
    mailbox: { capacity: 1_000, overflow: 'drop-oldest', onRestart: 'flush' },
    /** Every entry says everything: the last one is enough. */
    async init(ctx) {
      const entries = await ctx.ask(options.journal, { type: 'read', entity: ENTITY }, JOURNAL_TIMEOUT_MS);
      const last = entries.at(-1) ?? (await ofNewestDay(ctx));
      const performance = last === undefined ? undefined : readPerformance(last);
      ctx.timers.once('poll', 0, { type: 'poll' });
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      const kept = entries.length === 0 ? undefined : performance;
      return { account: undefined, performance, activatedAt: performance?.sessionSince ?? 0, outbox: new Outbox(ENTITY, options.journal, entries), kept, recorded: kept, soon: false, lastFailure: null };
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'trading-state':
          if (message.view.activatedAt > state.activatedAt) {
            state.activatedAt = message.view.activatedAt;
            soon(state, ctx);
          }
          return same;
        case 'user-event':
          if (message.event.type === 'account') soon(state, ctx);
          return same;
        case 'poll':
          state.soon = false;
          ctx.timers.once('poll', options.pollMs, { type: 'poll' });
          ctx.ask(options.gateway, { type: 'read', name: 'account', query: {} }, READ_TIMEOUT_MS, (outcome) => ({ type: 'account', outcome }));
          return same;
        case 'account':
          onAccount(state, message.outcome, ctx);
          return same;
        case 'income':
          onIncome(state, message.account, message.outcome, ctx);
          return same;
        case 'recorded': {
          const refused = state.outbox.answered(message);
          if (refused?.news === true) ctx.log.warn({ reason: refused.failure }, 'the journal has not taken how the account does; it is handed in again');
          keepNewest(state, ctx);
          return same;
        }
        case 'heartbeat':
          state.outbox.flush(ctx);
          publishView(state, ctx);
          return same;
      }
    },
    owes: (state) => state.outbox.names(),
    view: (state, now) => ({ ...equityOf(state), observedAt: isoTimeOrNull(state.account?.observedAt), ageMs: state.account === undefined ? null : now - state.account.observedAt, lastFailure: state.lastFailure }),
  };

  /** A journal from before `account` was one entity. */
  async function ofNewestDay(ctx: InitContext<Internal>): Promise<JournalEntryDraft | undefined> {
    const newest = (await ctx.ask(options.journal, { type: 'entities', prefix: DAYS }, JOURNAL_TIMEOUT_MS)).toSorted().at(-1);
    return newest === undefined ? undefined : (await ctx.ask(options.journal, { type: 'read', entity: newest }, JOURNAL_TIMEOUT_MS)).at(-1);
  }

  function soon(state: AccountState, ctx: Context): void {
    if (state.soon) return;
    state.soon = true;
    ctx.timers.once('poll', AFTER_EVENT_MS, { type: 'poll' });
  }

  function onAccount(state: AccountState, outcome: Outcome<ReadAnswer<'account'>>, ctx: Context): void {
    const read = outcome.ok && outcome.value.ok;
    ctx.tell(options.watchdog, { type: 'flowed', edge: 'account', outcomes: { [read ? ACCEPTED : 'UNREAD']: 1 } });
    if (!outcome.ok || !outcome.value.ok) return failed(state, outcome.ok ? (outcome.value.ok ? '' : outcome.value.message) : outcome.error.message, ctx);
    state.lastFailure = null;
    const account = outcome.value.value;
    state.account = account;
    // Nothing moves money without moving the wallet: the same wallet needs no look at the income.
    const sameWallet = state.performance !== undefined && account.walletBalance.isEqualTo(state.performance.walletBalance);
    if (sameWallet && !beginsDay(state.performance, account.observedAt)) take(state, account, [], ctx);
    else ctx.ask(options.gateway, { type: 'read', name: 'income', query: { since: incomeFrom(state, account) } }, READ_TIMEOUT_MS, (answer) => ({ type: 'income', account, outcome: answer }));
    publishView(state, ctx);
  }

  function failed(state: AccountState, reason: string, ctx: Context): void {
    const tell = reason === state.lastFailure ? ctx.log.debug : ctx.log.warn;
    state.lastFailure = reason;
    tell({ reason, observedAt: state.account?.observedAt ?? null }, 'the account could not be read; the last observation ages');
    if (!state.soon) ctx.timers.once('poll', Math.min(RETRY_MS, options.pollMs), { type: 'poll' });
  }

  function onIncome(state: AccountState, account: VenueAccount, outcome: Outcome<ReadAnswer<'income'>>, ctx: Context): void {
    if (outcome.ok && outcome.value.ok) return take(state, account, outcome.value.value, ctx);
    ctx.log.warn({ reason: outcome.ok ? (outcome.value.ok ? '' : outcome.value.message) : outcome.error.message }, 'the income could not be read; how the account does ages');
  }

  /** One observation, with the income that explains its wallet. */
  function take(state: AccountState, account: VenueAccount, income: readonly VenueIncome[], ctx: Context): void {
    const { observedAt, walletBalance } = account;
    const before = state.performance;
    const rows = income.filter((row) => row.asset === 'USDT');
    const isCounted = (row: VenueIncome) => before === undefined || row.at < before.incomeUntil - INCOME_OVERLAP_MS || before.incomeIds.includes(row.incomeId);
    const fresh = rows.filter((row) => !isCounted(row));
    const change = before === undefined ? ZERO : walletBalance.minus(before.walletBalance);
    const explained = before === undefined ? [] : explainWallet(fresh, change);
    const waited = before === undefined ? 0 : observedAt - before.observedAt;
    if (explained === undefined && waited <= INCOME_MAX_AGE_MS) {
      ctx.log.warn({ walletBalance: text(walletBalance), before: before?.walletBalance, rows: fresh.length }, 'the income does not explain the wallet yet; how the account does ages');
      return;
    }
    const counted = explained ?? fresh;
    // Waited for long enough: what came without a word is no profit, what went without one is a loss.
    const unexplained = explained === undefined ? change.minus(sumOf(fresh)) : ZERO;
    if (explained === undefined) ctx.log.error({ unexplained: text(unexplained), waitedMs: waited }, 'no income explains this change of the wallet; it is counted so that no loss is hidden');
    for (const row of counted) if (!kindOf(row).known) ctx.log.warn({ type: row.type, amount: text(row.amount) }, 'the venue has a new kind of income; it is counted so that no loss is hidden');
    const inWallet = rows.filter((row) => isCounted(row) || counted.includes(row));
    const incomeUntil = Math.max(before?.incomeUntil ?? observedAt, ...counted.map((row) => row.at));
    state.performance = observe(before, {
      equity: walletBalance.plus(account.unrealizedPnl),
      walletBalance,
      observedAt,
      transfers: sumOf(counted.filter((row) => kindOf(row).transfer)).plus(unexplained.isPositive() ? unexplained : ZERO),
      resultSinceMidnight: sumOf(inWallet.filter((row) => row.at >= midnightOf(observedAt) && !kindOf(row).transfer)),
      incomeUntil,
      // Without a reading, what is known of the rows stays.
      incomeIds: income.length === 0 ? (before?.incomeIds ?? []) : inWallet.filter((row) => row.at >= incomeUntil - INCOME_OVERLAP_MS).map((row) => row.incomeId),
      activatedAt: state.activatedAt,
      dailyLossPercent: options.dailyLossPercent,
    });
    keep(state, ctx);
    publishView(state, ctx);
  }

  function keep(state: AccountState, ctx: Context): void {
    const { performance, kept } = state;
    if (performance === undefined || performance === kept) return;
    const news = kept === undefined || performance.day !== kept.day || performance.sessionSince !== kept.sessionSince || performance.sessionPeak !== kept.sessionPeak || performance.dayStartEquity !== kept.dayStartEquity || performance.dailyLossReached !== kept.dailyLossReached;
    if (!news && performance.observedAt - kept.observedAt < KEEP_EVERY_MS) return;
    if (performance.day !== kept?.day) ctx.log.info({ ...performance }, `day ${performance.day} begins with an equity of ${performance.dayStartEquity} USDT`);
    if (performance.dailyLossReached && kept?.dailyLossReached !== true) ctx.log.error({ ...performance }, 'the loss of this day has reached its limit: nothing more is opened today');
    if (kept !== undefined && performance.sessionSince !== kept.sessionSince) ctx.log.warn({ ...performance }, `a new session begins at an equity of ${performance.sessionPeak} USDT`);
    state.kept = performance;
    keepNewest(state, ctx);
  }

  /** Each says everything: while the journal does not take one, only the newest waits behind it. */
  function keepNewest(state: AccountState, ctx: Context): void {
    const { kept, recorded, outbox } = state;
    if (!outbox.empty || kept === undefined || kept === recorded) return;
    outbox.put(kept.day === recorded?.day ? 'AccountObserved' : SNAPSHOT_TYPE, ctx.clock.now(), kept);
    state.recorded = kept;
    outbox.flush(ctx);
  }

  function publishView(state: AccountState, ctx: Context): void {
    const view = equityOf(state);
    if (view !== undefined) publish(ctx, options.subscribers, { type: 'equity', view });
  }
}

function sumOf(rows: readonly VenueIncome[]): Decimal {
  return rows.reduce((sum, row) => sum.plus(row.amount), ZERO);
}

/** Since when income is to be read: what is not counted yet, and on the first observation of a day all of the day. */
function incomeFrom(state: AccountState, { observedAt }: VenueAccount): number {
  const uncounted = (state.performance?.incomeUntil ?? observedAt) - INCOME_OVERLAP_MS;
  return beginsDay(state.performance, observedAt) ? Math.min(uncounted, midnightOf(observedAt)) : uncounted;
}

function midnightOf(at: number): number {
  return Math.floor(at / DAY_MS) * DAY_MS;
}

function equityOf({ account, performance, activatedAt }: AccountState): EquityView | undefined {
  if (account === undefined) return undefined;
  const { walletBalance, unrealizedPnl, availableBalance, observedAt } = account;
  // Income that could not be read for long may hide a transfer; and before the new session is measured, the old one says nothing.
  const measured = performance !== undefined && observedAt - performance.observedAt <= INCOME_MAX_AGE_MS && performance.sessionSince >= activatedAt ? performanceView(performance) : undefined;
  return { equity: text(walletBalance.plus(unrealizedPnl)), walletBalance: text(walletBalance), availableBalance: text(availableBalance), observedAt, ...(measured === undefined ? {} : { performance: measured }) };
}
