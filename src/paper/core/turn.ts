/** One command at work: what it emits is applied at once, so that its next step sees it. */
import { applyEvent } from './apply.ts';
import type { ExchangeEvent } from './events.ts';
import type { ExchangeState } from './state.ts';

export class Turn {
  readonly state: ExchangeState;
  /** Server time of the command, ms. */
  readonly now: number;
  readonly events: ExchangeEvent[] = [];

  constructor(state: ExchangeState, now: number) {
    this.state = state;
    this.now = now;
  }

  emit(event: ExchangeEvent): void {
    applyEvent(this.state, event);
    this.events.push(event);
  }
}
