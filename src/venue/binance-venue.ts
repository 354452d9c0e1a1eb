/** The doors of a Binance venue, made together: one endpoint, one key, one log with its secrets taken out. */
import type { Clock } from '../supervision/clock.ts';
import { createBanGate } from './ban-gate.ts';
import type { CallTimeouts, Credentials } from './binance-client.ts';
import { createBinanceClients } from './binance-client.ts';
import { createBinanceGateway } from './binance-gateway.ts';
import { createMarketStreams } from './binance-market-streams.ts';
import { createUserStream } from './binance-user-stream.ts';
import type { VenueEndpoint } from './endpoint.ts';
import { createListenKeys } from './listen-keys.ts';
import type { Venue } from './port.ts';
import type { VenueLog } from './venue-log.ts';
import { createRedactor, redactedLog } from './venue-log.ts';

export interface BinanceVenueOptions {
  /** From `resolveEndpoint`. */
  readonly endpoint: VenueEndpoint;
  /** `venue.armed` of the configuration, handed over beside the endpoint so that the second fence decides for itself. */
  readonly armed: string | undefined;
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** Venue time minus `clock.now()`, ms, as last measured; 0 until then. Signatures and observation times carry it. */
  readonly offsetMs: () => number;
  /** What is left of a ban that an earlier process was given, ms. */
  readonly bannedMs?: number;
  readonly log: VenueLog;
  readonly timeouts?: CallTimeouts;
}

/**
 * Opens nothing yet: the first request goes out with the first call.
 * @throws VigilError VENUE_NOT_ARMED, VENUE_ADDRESS_REFUSED, CREDENTIALS_MISSING
 */
export function createBinanceVenue(options: BinanceVenueOptions): Venue {
  const { endpoint, credentials, clock, offsetMs } = options;
  const redactor = createRedactor([credentials.apiKey, credentials.apiSecret]);
  const log = redactedLog(options.log, redactor);
  const banGate = createBanGate(clock, () => clock.now() + Math.round(offsetMs()), options.bannedMs);
  const clients = createBinanceClients({ endpoint, armed: options.armed, credentials, log, ...(options.timeouts === undefined ? {} : { timeouts: options.timeouts }) });
  const { door: listenKeys, textOf } = createListenKeys({ clients, clock, offsetMs, banGate, redactor });
  return {
    gateway: createBinanceGateway({ clients, clock, offsetMs, banGate, log, redactor }),
    marketStreams: createMarketStreams({ clients, clock, log }),
    listenKeys,
    userStream: createUserStream({ streamUrl: clients.endpoint.streamUrl, textOf, clock, log, redactor }),
  };
}
