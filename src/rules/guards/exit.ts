/**
 * The guards of an exit: four, and none of them about risk. What is not known allows (ruling 5): a position must never be
 * kept because somebody did not know. That a position exists is that its mandate stands (it ends only with confirmed flat);
 * the last word on it has the redemption (`protocol/permit.ts`), which asks the same `mandateFault` again in the turn of the send.
 */
import type { Decimal } from '../../protocol/decimal.ts';
import { text, ZERO } from '../../protocol/decimal.ts';
import type { Denial } from '../../protocol/denials.ts';
import { mandateFault } from '../../protocol/permit.ts';
import type { Mandate } from '../../protocol/permit.ts';
import type { VenueWrite } from '../../protocol/venue.ts';
import { exitHasRoom } from '../rate-lane.ts';

/** Undefined is "not known", and allows. `position` is signed, as the venue stated it last; `sent` are the times of recent order writes. */
export interface ExitInputs {
  readonly write: VenueWrite;
  /** Null: it is known that there is none. */
  readonly mandate: Mandate | null | undefined;
  readonly position: Decimal | undefined;
  readonly sent: readonly number[] | undefined;
  readonly now: number;
}

export interface ExitGuard {
  readonly name: 'reduces by its type' | 'mandate stands and covers it' | 'position exists and is as large' | 'room in the rate limits';
  readonly check: (inputs: ExitInputs) => Denial | undefined;
}

export const EXIT_GUARDS: readonly ExitGuard[] = [
  { name: 'reduces by its type', check: ({ write }) => (write.kind === 'OPEN' || write.kind === 'CONFIGURE' ? { code: 'PERMIT_MISMATCH', detail: `${write.kind} reduces nothing` } : undefined) },
  { name: 'mandate stands and covers it', check: ({ write, mandate }) => (mandate === undefined ? undefined : mandateFault(write, mandate ?? undefined)) },
  { name: 'position exists and is as large', check: withinPosition },
  // Entries leave a third of the room to exits; beyond the venue's own limit an order would only bring a ban.
  { name: 'room in the rate limits', check: ({ sent, now }) => (sent === undefined || exitHasRoom(sent, now) ? undefined : { code: 'VENUE_THROTTLED', detail: 'the order limits of the venue are used up' }) },
];

function withinPosition({ write, position }: ExitInputs): Denial | undefined {
  if (position === undefined || (write.kind !== 'CLOSE' && write.kind !== 'PROTECT')) return undefined;
  const reduces = write.side === 'SELL' ? position.isGreaterThan(ZERO) : position.isLessThan(ZERO);
  if (reduces && write.quantity.isLessThanOrEqualTo(position.abs())) return undefined;
  return { code: 'PERMIT_MISMATCH', limit: text(position), value: text(write.quantity), detail: `${write.side} of a position of ${text(position)}` };
}

/** Every reason against the exit; none: it goes. */
export function judgeExit(inputs: ExitInputs, guards: readonly ExitGuard[] = EXIT_GUARDS): readonly Denial[] {
  return guards.map((guard) => guard.check(inputs)).filter((denial) => denial !== undefined);
}
