/** An order tried without being placed: everything that could refuse it is asked, and nothing changes. */
import type { ExchangeEvent } from './events.ts';
import type { Order } from './model.ts';
import type { OrderRequest } from './order-checks.ts';
import { placeOrder } from './orders.ts';
import type { AccountState, ExchangeState } from './state.ts';
import { Turn } from './turn.ts';

/** Thrown instead of applying the first event: by then all checks have passed. */
class Reached extends Error {
  readonly event: ExchangeEvent;

  constructor(event: ExchangeEvent) {
    super(`rehearsed up to ${event.type}`);
    this.event = event;
  }
}

class Rehearsal extends Turn {
  override emit(event: ExchangeEvent): void {
    throw new Reached(event);
  }
}

/**
 * The order as it would have been accepted.
 * @throws VenueError where `placeOrder` would.
 */
export function rehearseOrder(state: ExchangeState, own: AccountState, request: OrderRequest, now: number): Order {
  try {
    placeOrder(new Rehearsal(state, now), own, request, null);
  } catch (error) {
    if (error instanceof Reached && error.event.type === 'OrderAccepted') return error.event.order;
    throw error;
  }
  throw new Error('an order was placed without being accepted');
}
