/** The gateway's door over the SDK: one request for each call, no retries, and an outcome for everything that can happen to a write. */
import type { USDMClient } from 'binance';
import { messageOf } from '../protocol/errors.ts';
import type { ReadName, VenueReads, VenueWrite, WriteOutcome } from '../protocol/venue.ts';
import type { Clock } from '../supervision/clock.ts';
import type { BanGate } from './ban-gate.ts';
import type { CallResult, VenueRequest } from './binance-call.ts';
import { callVenue, nameOf } from './binance-call.ts';
import type { BinanceClients } from './binance-client.ts';
import { readers } from './binance-reads.ts';
import { outcomeOfFailure, readErrorOf } from './classify.ts';
import type { VenueGateway, VenueUsage } from './port.ts';
import { VenueError } from './port.ts';
import type { Redactor, VenueLog } from './venue-log.ts';
import { acceptedOutcome } from './write-answer.ts';
import { writeRequest } from './write-request.ts';

export interface BinanceGatewayOptions {
  readonly clients: BinanceClients;
  readonly clock: Clock;
  /** Venue time minus `clock.now()`, ms, as last measured. */
  readonly offsetMs: () => number;
  readonly banGate: BanGate;
  readonly log: VenueLog;
  readonly redactor: Redactor;
}

export function createBinanceGateway(options: BinanceGatewayOptions): VenueGateway {
  const { clients, clock, offsetMs, banGate, log, redactor } = options;
  const venueNow = (): number => clock.now() + Math.round(offsetMs());

  /** Of the address, by whichever client heard it last; the SDK dates what it heard by the wall clock, which may be set. */
  let weight1m: number | undefined;

  function call(client: USDMClient, request: VenueRequest, limitMs: number, signal?: AbortSignal): Promise<CallResult> {
    return banGate(request, async () => {
      const before = weightOf(client);
      const result = await callVenue(client, request, { clock, limitMs, offsetMs: offsetMs(), signal, redact: (text) => redactor.redact(text) });
      const after = weightOf(client);
      // The same number again says nothing new, and comes also from an answer that says none.
      if (after !== before && client !== clients.keys) weight1m = after;
      return result;
    });
  }

  return {
    async read<Name extends ReadName>(name: Name, query: VenueReads[Name]['query'], signal?: AbortSignal): Promise<VenueReads[Name]['answer']> {
      try {
        return await readers[name](query, {
          call: (request) => call(clients.reads, request, clients.timeouts.readMs, signal),
          callKeys: clients.keys === undefined ? undefined : (request) => call(clients.keys!, request, clients.timeouts.readMs, signal),
          fail(failure) {
            throw readErrorOf(failure, venueNow());
          },
          now: () => clock.now(),
          venueNow,
          onBadRow: (reason) => log('warn', 'a row of the venue was left out', { reason }),
        });
      } catch (error) {
        throw cleaned(error, redactor);
      }
    },

    async write(write: VenueWrite): Promise<WriteOutcome> {
      const request = writeRequest(write);
      const result = await call(clients.writes, request, clients.timeouts.writeMs);
      if (!result.ok) return outcomeOfFailure(write.kind, result.failure, venueNow());
      try {
        return acceptedOutcome(write, result.body, nameOf(request));
      } catch (error) {
        // It was answered with 200: whatever the body is, it may have been executed.
        return { result: 'unknown', message: redactor.redact(messageOf(error)) };
      }
    },

    usage: () => ({ weight1m, ...ordersOf(clients) }),
  };
}

/** An error about a malformed answer quotes it, and an answer may quote the request. */
function cleaned(error: unknown, redactor: Redactor): unknown {
  if (!(error instanceof VenueError)) return new VenueError('unknown', redactor.redact(messageOf(error)));
  const message = redactor.redact(error.message);
  return message === error.message ? error : new VenueError(error.kind, message, { venueCode: error.venueCode, retryAfterMs: error.retryAfterMs, banned: error.banned });
}

function weightOf(client: USDMClient): number | undefined {
  return stated(client.getRateLimitStates()['x-mbx-used-weight-1m']);
}

/** They come with the answers to orders only. */
function ordersOf({ writes }: BinanceClients): Omit<VenueUsage, 'weight1m'> {
  const said = writes.getRateLimitStates();
  return { orders10s: stated(said['x-mbx-order-count-10s']), orders1m: stated(said['x-mbx-order-count-1m']) };
}

/** The SDK begins at 0, which is then indistinguishable from "never said". */
function stated(count: number): number | undefined {
  return count === 0 ? undefined : count;
}
