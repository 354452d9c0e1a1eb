/** What a life is looked at with, and what it can call for. */
import type { Decimal } from '../../protocol/decimal.ts';
import type { LifeEvent } from '../../protocol/life-events.ts';
import type { ClientId } from '../../protocol/names.ts';
import type { ProtectionLeg, VenueWrite } from '../../protocol/venue.ts';
import type { OrderRecord, ProtectionRecord } from './life.ts';

/** What the actor knows beside the journal: time, the venue's filters, and what the venue said of the position last. */
export interface Situation {
  readonly now: number;
  /** What `now` would be if nobody had set the wall clock since this incarnation began; left out: nobody has. */
  readonly steadyNow?: number;
  readonly tickSize: Decimal | undefined;
  /** The largest quantity of one market order; undefined: not known. */
  readonly largestOrder: Decimal | undefined;
  readonly stopLossPercent: string;
  readonly takeProfitPercent: string;
  /** How long a position may be without a stop before it is closed (ruling 10). */
  readonly nakedCloseMs: number;
  /** Since when somebody is there to place one: after an outage it is first tried, and the ten seconds begin anew. Undefined: nobody is yet. */
  readonly guardedSince: number | undefined;
  /** How long it has been without a stop since this process first saw it so, by the clock that nobody sets, ms. Undefined: it is not, or nobody is there yet. */
  readonly nakedMs?: number | undefined;
  /** The mark price as it was last heard or read, and how long ago that was, by the clock that nobody sets, ms. */
  readonly mark: { readonly price: Decimal; readonly ageMs: number } | undefined;
  /** The venue has said "flat" in a reading begun after the last fill, and listed these algo orders of ours. */
  readonly flat: { readonly openAlgoIds: readonly ClientId[] } | undefined;
  /** Our side of the work runs since this incarnation: a write of an earlier one may or may not have gone out. */
  readonly inFlight: Pick<ReadonlySet<ClientId>, 'has'>;
  readonly clientId: (leg: 'close' | 'reduce' | ProtectionLeg, of: string, attempt: number) => ClientId;
}

export type Need =
  | { readonly need: 'write'; readonly key: string; readonly write: VenueWrite; readonly events: readonly LifeEvent[]; readonly because: string }
  | { readonly need: 'ask-order'; readonly key: string; readonly order: OrderRecord }
  | { readonly need: 'ask-algo'; readonly key: string; readonly record: ProtectionRecord }
  | { readonly need: 'ask-truth'; readonly key: string }
  /** There is a position and no mandate: the actor writes the adoption record. */
  | { readonly need: 'adopt'; readonly key: string };
