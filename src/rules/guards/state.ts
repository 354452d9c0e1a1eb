/** Guards of state and readiness: whether anything may be opened at all, and whether all that must report has. */
import { decimal, text } from '../../protocol/decimal.ts';
import { openingSide } from '../../protocol/names.ts';
import type { GuardInputs, Guard, Verdict } from './guard.ts';
import { allow, deny, unknown } from './guard.ts';
import { signedPosition, withinPresent } from './worst-case.ts';

export const STATE_GUARDS: readonly Guard[] = [
  { code: 'SERVICE_STOPPING', check: ({ stopping }) => (stopping ? deny('SERVICE_STOPPING') : allow()) },
  { code: 'TRADING_HALTED', check: tradingState },
  { code: 'NOT_READY', check: ({ readiness }) => (readiness === undefined ? unknown('NOT_READY', 'readiness is unknown') : readiness.ready ? allow() : deny('NOT_READY', { detail: readiness.missing.map((one) => one.input).join(', ') })) },
  { code: 'EXECUTORS_UNREPORTED', check: executorsReported },
  { code: 'SYMBOL_NOT_IN_POLICY_UNIVERSE', check: symbolAllowed },
  { code: 'UNIVERSE_SHRUNK', check: ({ universe }) => (universe === undefined ? unknown('UNIVERSE_UNKNOWN', 'not determined yet') : universe.breaker === 'closed' ? allow({ value: String(universe.overlap) }) : deny('UNIVERSE_SHRUNK', { value: String(universe.overlap) })) },
  { code: 'VENUE_BANNED', check: venueRests },
  { code: 'JOURNAL_AWAY', check: journalTakes },
];

/** The stricter of the whole's state and the symbol's own. REDUCING goes by the worst case of all that works (`worst-case.ts`). */
function tradingState({ tradingState: view, plan, lives, reservations }: GuardInputs): Verdict {
  if (view === undefined) return unknown('TRADING_STATE_UNKNOWN', 'not reported');
  const states = [view.overall, view.symbols.get(plan.symbol) ?? 'ACTIVE'];
  const detail = view.cause;
  if (states.includes('FLATTENING')) return deny('TRADING_FLATTENING', { detail });
  if (states.includes('HALTED')) return deny('TRADING_HALTED', { detail });
  if (!states.includes('REDUCING')) return allow({ value: 'ACTIVE' });
  const reservation = reservations.get(plan.symbol);
  const working = reservation === undefined ? [] : [{ side: openingSide(reservation.side), quantity: reservation.quantity, reduceOnly: false }];
  const breach = withinPresent(signedPosition(lives.get(plan.symbol)?.position), [...working, { side: openingSide(plan.side), quantity: decimal(plan.quantity), reduceOnly: false }]);
  return breach === undefined ? allow({ value: 'REDUCING' }) : deny('TRADING_REDUCING', { limit: text(breach.limit), value: text(breach.value), detail: `${breach.rule}; ${detail}` });
}

function executorsReported({ expected, lives }: GuardInputs): Verdict {
  if (expected.length === 0) return unknown('EXECUTORS_UNREPORTED', 'no executor is known');
  const silent = expected.filter((symbol) => !lives.has(symbol));
  const measure = { limit: String(expected.length), value: String(expected.length - silent.length) };
  return silent.length === 0 ? allow(measure) : deny('EXECUTORS_UNREPORTED', { ...measure, detail: silent.join(', ') });
}

/** The bridge has asked this, too; a symbol that has left the universe since is closed to openings at once (failure 19). */
function symbolAllowed({ universe, plan }: GuardInputs): Verdict {
  if (universe === undefined) return unknown('UNIVERSE_UNKNOWN', 'not determined yet');
  const measure = { limit: `version ${universe.version}`, value: plan.symbol };
  return universe.instruments.has(plan.symbol) ? allow(measure) : deny('SYMBOL_NOT_IN_POLICY_UNIVERSE', measure);
}

/** Asking during a ban lengthens it, and an opening needs room for its stop as well (ruling 12). */
function venueRests({ session, now }: GuardInputs): Verdict {
  if (session === undefined) return unknown('VENUE_BANNED', 'the gateway has not reported');
  const { throttle } = session;
  if (throttle === undefined || throttle.until <= now) return allow();
  return deny(throttle.banned ? 'VENUE_BANNED' : 'VENUE_THROTTLED', { limit: String(throttle.until), value: String(throttle.until - now), detail: throttle.message });
}

/** An order that is not on record could not be found again, and one of a process that lost its place is another's to decide (rulings 36, 38). */
function journalTakes({ journal, now }: GuardInputs): Verdict {
  if (journal === undefined) return unknown('JOURNAL_AWAY', 'the journal has not reported');
  if (journal.store === 'away') return deny('JOURNAL_AWAY', { ageMs: Math.max(0, now - journal.since), value: String(journal.spilled), detail: journal.reason ?? 'no reason given' });
  return journal.place === null ? allow() : deny('LEASE_LOST', { detail: journal.place });
}
