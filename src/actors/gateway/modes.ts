/** Key and account asserted: before anything is opened, after each reconnection, and whenever the venue says something else (ruling 7, failure 53). */
import { messageOf, VigilError } from '../../protocol/errors.ts';
import type { StreamView } from '../../protocol/views.ts';
import { accountModeFault } from '../../rules/account-modes.ts';
import { judgeKey } from '../../rules/key-permissions.ts';
import { afterRequest, weightOf } from '../../rules/request-budget.ts';
import type { ReadOf } from '../../rules/request-budget.ts';
import { VenueError } from '../../venue/port.ts';
import type { GatewayContext, GatewayInternal, GatewayState } from './state.ts';
import { find, heard, heed, keyAccepted, publishSession, standingRest, tellOnce, tellStanding } from './trouble.ts';
import { doubtModes, foundRightJustNow } from './writes.ts';

const DEADLINE_MS = 9_000;
const QUESTIONS = { modes: { name: 'accountModes', query: {} }, brackets: { name: 'brackets', query: {} }, key: { name: 'keyPermissions', query: {} } } as const satisfies Record<string, ReadOf>;
const RETRY_MS = 2_000;
/** An account that was put into another mode: somebody has to change it back. */
const FAULT_RETRY_MS = 15_000;

export function confirmModes(state: GatewayState, ctx: GatewayContext): void {
  const resting = standingRest(state, ctx);
  if (resting !== undefined) return ctx.timers.once('modes', resting.until - ctx.clock.now(), { type: 'confirm-modes' });
  const heldMs = (state.refusal?.retryAt ?? 0) - ctx.clock.monotonic();
  if (heldMs > 0) return ctx.timers.once('modes', heldMs, { type: 'confirm-modes' });
  const { venue } = state.options;
  const probed = state.asserted.once;
  const asking = (state.asking += 1);
  const asked = [QUESTIONS.modes, QUESTIONS.brackets, ...(probed ? [] : [QUESTIONS.key])];
  const sentAt = ctx.clock.now();
  state.budget = afterRequest(state.budget, asked.reduce((sum, one) => sum + weightOf(one), 0), sentAt);
  ctx.effect({
    name: 'account-modes',
    deadlineMs: DEADLINE_MS,
    run: async (signal) => ({ modes: await venue.read('accountModes', {}, signal), brackets: await venue.read('brackets', {}, signal), key: probed ? undefined : await venue.read('keyPermissions', {}, signal) }),
    report: (outcome) => ({ type: 'modes', asking, sentAt, outcome }),
  });
}

export function onModes(state: GatewayState, { asking, sentAt, outcome }: Extract<GatewayInternal, { type: 'modes' }>, ctx: GatewayContext): void {
  heard(state, sentAt, ctx);
  if (asking !== state.asking) return;
  if (!outcome.ok) return unread(state, outcome.error, ctx);
  state.stuck.delete('modes');
  keyAccepted(state, ctx);
  const { modes, brackets, key } = outcome.value;
  const { asserted, options } = state;
  if (key !== undefined) {
    const { refused, warnings } = judgeKey(options.mode, key, modes);
    if (refused !== undefined) return options.refuse(new VigilError(refused.code, refused.message));
    for (const warning of warnings) ctx.log.warn({ venue: options.mode }, warning);
    asserted.key = warnings;
  }
  const fault = accountModeFault(modes);
  if (fault !== undefined && !asserted.once) return options.refuse(new VigilError('ACCOUNT_MODE_UNSUPPORTED', fault));
  if (fault !== undefined) return changed(state, fault, ctx);
  Object.assign(asserted, { once: true, modes: true, fault: undefined, brackets });
  state.modesAt = ctx.clock.monotonic();
  state.session = { ...state.session, modesConfirmed: true, brackets };
  ctx.log.info({ brackets: brackets.size }, 'account modes confirmed: one-way, single-asset, no fee burn');
  publishSession(state, ctx);
}

function unread(state: GatewayState, error: Error, ctx: GatewayContext): void {
  state.lastFailure = `account modes: ${error.message}`;
  heed(state, error, ctx);
  if (error instanceof VenueError && error.kind === 'authentication' && !state.asserted.once) return state.options.refuse(new VigilError('VENUE_AUTH_FAILED', messageOf(error)));
  tellOnce(state, 'modes', error.message, 'the account\'s modes cannot be read; trying again', ctx);
  ctx.timers.once('modes', RETRY_MS, { type: 'confirm-modes' });
}

/** Positions are open perhaps: exits go on, nothing is opened, and whoever changed it is told how to change it back. */
function changed(state: GatewayState, fault: string, ctx: GatewayContext): void {
  Object.assign(state.asserted, { modes: false, fault });
  state.session = { ...state.session, modesConfirmed: false };
  find(state, 'ACCOUNT_MODE_CHANGED', 'account', `the account's modes were changed while it is traded: ${fault}.`, ctx);
  publishSession(state, ctx);
  tellStanding(state, ctx);
  ctx.timers.once('modes', FAULT_RETRY_MS, { type: 'confirm-modes' });
}

/** A new connection: what the account was set to in between nobody has told us. The first one, in a start that goes well, comes right after they were read. */
export function onStream(state: GatewayState, view: StreamView, ctx: GatewayContext): void {
  const { streamEpoch: before } = state.asserted;
  if (!view.live || view.streamEpoch === before) return;
  state.asserted.streamEpoch = view.streamEpoch;
  if (before !== undefined || (state.asserted.modes && !foundRightJustNow(state, ctx))) doubtModes(state, `the user stream is connected anew (${view.streamEpoch})`, ctx);
}
