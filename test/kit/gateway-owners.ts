/** Those who carry out what the gateway tells them, as one that listens; and the rest it keeps, in memory. */
import type { GatewayOptions } from '../../src/actors/gateway/state.ts';
import type { VenueRest } from '../../src/persistence/port.ts';
import type { FindingMessage, StandingMessage, TradingStateActorMessage, VenueRefusedMessage } from '../../src/protocol/messages.ts';
import { Probe } from './probe.ts';
import type { World } from './world.ts';

export class GatewayOwners extends Probe<TradingStateActorMessage | StandingMessage | FindingMessage | VenueRefusedMessage> {
  kept: VenueRest | undefined;

  constructor(world: World, path = 'gateway-owners') {
    super(world, path);
  }

  /** What of the gateway's options only these tests ask for. */
  get options(): Pick<GatewayOptions, 'owners' | 'rest' | 'mode' | 'clockSkewMaxMs'> {
    const { ref } = this;
    return {
      mode: 'paper',
      clockSkewMaxMs: 1_000,
      owners: { tradingState: ref, watchdog: ref, findings: ref, locks: ref },
      rest: { read: () => this.kept, write: (rest) => (this.kept = rest) },
    };
  }

  get alerts(): Record<string, string> {
    return Object.fromEntries((this.last('standing')?.alerts ?? []).map(({ name, message }) => [name, message]));
  }

  get causes(): readonly string[] {
    return (this.last('standing')?.causes ?? []).map((one) => one.key);
  }

  get findings(): readonly string[] {
    return this.of('finding').map(({ finding }) => `${finding.code} ${finding.subject}`);
  }
}
