/** Leverage and margin mode of the symbol: brought to what the policy says, under a permit, and confirmed by the venue (failure 41). */
import { clientIdFor } from '../../rules/client-ids.ts';
import { phaseOf } from '../../rules/position-life/phase.ts';
import type { Denial } from '../../protocol/denials.ts';
import type { PermitOf } from '../../protocol/permit.ts';
import type { SymbolSettings, UserEvent, VenueWrite, WriteOutcome } from '../../protocol/venue.ts';
import type { ExecutorContext, ExecutorState } from './state.ts';

/** The venue refused: nothing will have changed in a second. */
const RETRY_REFUSED_MS = 60_000;
/** It could not be asked, or said nothing of the setting. */
const RETRY_UNANSWERED_MS = 2_000;
/** Longer than permit and write can take: an answer that has not come by then was lost with whoever had it. */
const ANSWER_MS = 15_000;
/** The governor did not know enough yet. */
const RETRY_DENIED_MS = 300;

export function leverageConfirmed(state: ExecutorState): boolean {
  return state.settings !== undefined && toSet(state, state.settings) === 0;
}

/** How many settings differ from the policy's. */
function toSet({ options }: ExecutorState, { leverage, marginMode }: SymbolSettings): number {
  return (leverage === options.leverage ? 0 : 1) + (marginMode === 'ISOLATED' ? 0 : 1);
}

/**
 * The user stream tells of a change as soon as it has one: of leverage when it is changed, of the margin mode with the first
 * position that has it. From then on nothing is opened, and what is held so is on record at once.
 */
export function onSettingsHeard(state: ExecutorState, { symbol, leverage, marginMode }: Extract<UserEvent, { type: 'settings' }>, ctx: ExecutorContext): void {
  const said = { ...(leverage === undefined ? {} : { leverage }), ...(marginMode === undefined ? {} : { marginMode }) };
  const { settings: before, options } = state;
  heard(state, said, ctx);
  const asked = { leverage: options.leverage, marginMode: 'ISOLATED' };
  const news = (['leverage', 'marginMode'] as const).filter((what) => said[what] !== undefined && said[what] !== asked[what] && said[what] !== before?.[what]);
  if (news.length > 0 && phaseOf(state.life) !== 'Flat') {
    const message = `${symbol} is held at settings that are not the configured ones, the user stream says: ${news.map((what) => `${what} ${said[what]} instead of ${asked[what]}`).join(', ')}. Nothing is opened in it until they are read as configured.`;
    ctx.log.error({ symbol, ...said }, message);
    ctx.tell(options.findings, { type: 'finding', from: ctx.path, finding: { code: 'SETTINGS_DIFFER', subject: symbol, message, details: said } });
  }
  ensureLeverage(state, ctx);
}

function heard(state: ExecutorState, said: Partial<SymbolSettings>, ctx: ExecutorContext): void {
  state.settingsHeard = { ...state.settingsHeard, ...said, at: ctx.clock.monotonic() };
  if (state.settings !== undefined) state.settings = { ...state.settings, ...said };
}

/** @param begunAt when the reading was begun; it says nothing of what was heard since. Monotonic ms. */
export function onSettingsRead(state: ExecutorState, read: SymbolSettings, begunAt: number): void {
  const { settingsHeard } = state;
  if (settingsHeard !== undefined && settingsHeard.at >= begunAt) {
    const { at: _, ...said } = settingsHeard;
    state.settings = { ...read, ...said };
    return;
  }
  state.settingsHeard = undefined;
  state.settings = read;
}

/** Asks for room to change what differs; never with a position or an order open, and never where nothing may be opened. */
export function ensureLeverage(state: ExecutorState, ctx: ExecutorContext): void {
  const { settings, options } = state;
  if (settings === undefined || !state.mayOpen || (state.busyUntil.get('configure') ?? 0) > ctx.clock.monotonic()) return;
  const count = toSet(state, settings);
  if (count === 0) {
    state.leverageRefused = undefined;
    return;
  }
  if (phaseOf(state.life) !== 'Flat' || state.pending !== undefined) {
    state.leverageRefused = `${options.symbol} is ${settings.marginMode} at ${settings.leverage}× and cannot be changed while it is not flat`;
    return;
  }
  ctx.tell(options.gateway, { type: 'request-room', symbol: options.symbol, settings: count });
  state.busyUntil.set('configure', ctx.clock.monotonic() + ANSWER_MS);
}

/** It is this symbol's turn: a permit is asked for, for one setting at a time. */
export function onRoom(state: ExecutorState, ctx: ExecutorContext): void {
  if (state.settings === undefined || leverageConfirmed(state) || phaseOf(state.life) !== 'Flat' || state.pending !== undefined) return;
  const { options } = state;
  state.configureAttempt += 1;
  state.configuring = clientIdFor(options.tags[0], 'configure', `${options.symbol}/${ctx.incarnation}/${ctx.clock.now()}`, state.configureAttempt, options.idPrefix);
  ctx.tell(options.governor, { type: 'request-configure', symbol: options.symbol, clientId: state.configuring, leverage: options.leverage, marginMode: 'ISOLATED' });
  state.busyUntil.set('configure', ctx.clock.monotonic() + ANSWER_MS);
}

export function onConfigureGranted(state: ExecutorState, permit: PermitOf<'CONFIGURE'>, ctx: ExecutorContext): void {
  if (state.configuring !== permit.clientId) return;
  const { symbol } = state.options;
  const write: VenueWrite =
    state.settings?.marginMode === permit.marginMode
      ? { kind: 'CONFIGURE', symbol, clientId: permit.clientId, setting: 'leverage', leverage: permit.leverage }
      : { kind: 'CONFIGURE', symbol, clientId: permit.clientId, setting: 'marginMode', marginMode: permit.marginMode };
  ctx.tell(state.options.gateway, { type: 'write', write, authority: { by: 'permit', permit }, because: 'policy' });
}

/** A denial is for now: the governor learns what it lacks within seconds, and a position ends. */
export function onConfigureDenied(state: ExecutorState, denials: readonly Denial[], ctx: ExecutorContext): void {
  state.configuring = undefined;
  state.busyUntil.set('configure', ctx.clock.monotonic() + RETRY_DENIED_MS);
  ctx.log.debug({ denials }, 'no permit to set leverage or margin mode yet');
}

export function onConfigured(state: ExecutorState, write: Extract<VenueWrite, { kind: 'CONFIGURE' }>, outcome: WriteOutcome, ctx: ExecutorContext): void {
  state.configuring = undefined;
  if (outcome.result === 'accepted' && state.settings !== undefined) {
    heard(state, write.setting === 'leverage' ? { leverage: write.leverage } : { marginMode: write.marginMode }, ctx);
    state.busyUntil.delete('configure');
    state.leverageRefused = undefined;
    ctx.log.info({ setting: write.setting, leverage: state.settings.leverage, marginMode: state.settings.marginMode, confirmed: leverageConfirmed(state) }, 'the venue confirmed the setting');
    // The room was for all that differs.
    return onRoom(state, ctx);
  }
  const message = outcome.result === 'accepted' ? 'settings unknown' : outcome.message;
  const refused = outcome.result === 'rejected' && outcome.reaction !== 'resync';
  if (refused) state.leverageRefused = `${write.setting}: ${message}`;
  state.busyUntil.set('configure', ctx.clock.monotonic() + (refused ? RETRY_REFUSED_MS : outcome.result === 'throttled' ? outcome.retryAfterMs : RETRY_UNANSWERED_MS));
  ctx.log.warn({ setting: write.setting, outcome: outcome.result, message }, 'the venue did not take the setting; openings of this symbol wait');
}
