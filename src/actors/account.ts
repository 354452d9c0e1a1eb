/** What the account is worth, by the exchange's own observation and its time; no default, no guess (failure 73). */
import type { Behaviour, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTimeOrNull } from '../supervision/clock.ts';
import { ACCEPTED } from '../supervision/flow/flow-contract.ts';
import type { Ref } from '../supervision/ref.ts';
import { text } from '../protocol/decimal.ts';
import { VIEW_EVERY_MS } from '../protocol/messages.ts';
import type { AccountMessage, EquityView, FlowedMessage, GatewayMessage, ReadAnswer } from '../protocol/messages.ts';
import { publish } from './publish.ts';

const READ_TIMEOUT_MS = 10_000;
const RETRY_MS = 2_000;
/** After an ACCOUNT_UPDATE the account is read again, once for a burst of them: the event names only what changed. */
const AFTER_EVENT_MS = 300;

export interface AccountOptions {
  readonly gateway: Ref<GatewayMessage>;
  readonly pollMs: number;
  readonly subscribers: readonly Ref<{ readonly type: 'equity'; readonly view: EquityView }>[];
  readonly watchdog: Ref<FlowedMessage>;
}

type Internal = AccountMessage | { readonly type: 'poll' } | { readonly type: 'account'; readonly outcome: Outcome<ReadAnswer<'account'>> } | { readonly type: 'heartbeat' };

interface AccountState {
  view: EquityView | undefined;
  /** A reading after an event is on its way; further events do not put it off. */
  soon: boolean;
  lastFailure: string | null;
}

export function accountBehaviour(options: AccountOptions): Behaviour<Internal, AccountState> {
  return {
    role: 'account',
    purpose: 'Observes equity and available margin.',
    consumes: { 'user-event': 'the account changed', 'trading-state': 'an activation begins a session', poll: 'a reading is due', account: 'the venue\'s answer', heartbeat: 'the view is due' },
    emits: ['equity → governor, readiness', 'flowed → watchdog'],
    mailbox: { capacity: 1_000, overflow: 'drop-oldest', onRestart: 'flush' },
    init(ctx) {
      ctx.timers.once('poll', 0, { type: 'poll' });
      ctx.timers.every('heartbeat', VIEW_EVERY_MS, { type: 'heartbeat' });
      return { view: undefined, soon: false, lastFailure: null };
    },
    receive(state, message, ctx) {
      const publishView = () => {
        if (state.view === undefined) return;
        publish(ctx, options.subscribers, { type: 'equity', view: state.view });
      };
      switch (message.type) {
        case 'trading-state':
          return same;
        case 'user-event':
          if (message.event.type !== 'account' || state.soon) return same;
          state.soon = true;
          ctx.timers.once('poll', AFTER_EVENT_MS, { type: 'poll' });
          return same;
        case 'poll':
          state.soon = false;
          ctx.timers.once('poll', options.pollMs, { type: 'poll' });
          ctx.ask(options.gateway, { type: 'read', name: 'account', query: {} }, READ_TIMEOUT_MS, (outcome) => ({ type: 'account', outcome }));
          return same;
        case 'account': {
          const { outcome } = message;
          const read = outcome.ok && outcome.value.ok;
          ctx.tell(options.watchdog, { type: 'flowed', edge: 'account', outcomes: { [read ? ACCEPTED : 'UNREAD']: 1 } });
          if (outcome.ok && outcome.value.ok) {
            const { walletBalance, unrealizedPnl, availableBalance, observedAt } = outcome.value.value;
            state.view = { equity: text(walletBalance.plus(unrealizedPnl)), walletBalance: text(walletBalance), availableBalance: text(availableBalance), observedAt };
            state.lastFailure = null;
            publishView();
          } else {
            const reason = outcome.ok ? (outcome.value.ok ? '' : outcome.value.message) : outcome.error.message;
            const tell = reason === state.lastFailure ? ctx.log.debug : ctx.log.warn;
            state.lastFailure = reason;
            tell({ reason, observedAt: state.view?.observedAt ?? null }, 'the account could not be read; the last observation ages');
            if (!state.soon) ctx.timers.once('poll', Math.min(RETRY_MS, options.pollMs), { type: 'poll' });
          }
          return same;
        }
        case 'heartbeat':
          publishView();
          return same;
      }
    },
    view: ({ view, lastFailure }, now) => ({ ...view, observedAt: isoTimeOrNull(view?.observedAt), ageMs: view === undefined ? null : now - view.observedAt, lastFailure }),
  };
}
