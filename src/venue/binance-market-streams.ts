/** The market actor's door over the SDK's stream client: prices of exactly the symbols asked for, and the truth about whether the sockets are up. */
import type { MarketEvent } from '../protocol/market.ts';
import { messageOf } from '../protocol/errors.ts';
import { Failing } from '../protocol/failing.ts';
import type { SymbolName } from '../protocol/names.ts';
import { sleep } from '../supervision/clock.ts';
import type { Clock } from '../supervision/clock.ts';
import { TOPICS_A_MESSAGE } from './binance-client.ts';
import type { BinanceClients } from './binance-client.ts';
import { createDroppedEvents } from './dropped-events.ts';
import { readMarketEvent } from './parse-market-events.ts';
import type { OpenMarketStream, VenueMarketStreams } from './port.ts';
import type { VenueLog } from './venue-log.ts';

export interface MarketStreamOptions {
  readonly clients: BinanceClients;
  readonly clock: Clock;
  readonly log: VenueLog;
}

/** Since April 2026 the venue carries prices on two routes, and the SDK opens a socket for each: bookTicker on `/public`, the rest on `/market`. */
const CONNECTIONS = ['usdmMarket', 'usdmPublic'] as const;

/** The venue cuts a connection that says more than ten things in a second: what is taken off and asked for again in so many messages goes in two. */
const MANY_TOPICS = 4 * TOPICS_A_MESSAGE;
const NEXT_SECOND_MS = 1_100;

export function createMarketStreams({ clients, clock, log }: MarketStreamOptions): VenueMarketStreams {
  // Of all connections, one after the other: each of them tries every few seconds.
  const failing = new Failing();
  return {
    open(symbols, onEvent, onState): OpenMarketStream {
      // Without a topic the SDK opens nothing: there would never be a word.
      if (symbols.length === 0) {
        onState(false, 'no symbols');
        return { resubscribe: () => undefined, close: () => undefined };
      }
      return openStreams(symbols, onEvent, onState);
    },
  };

  function openStreams(symbols: readonly SymbolName[], onEvent: (event: MarketEvent) => void, onState: (up: boolean, reason: string) => void): OpenMarketStream {
    const wanted = new Set<string>(symbols);
    const dropped = createDroppedEvents('market stream', clock, log);
    const client = clients.createStreamClient();
    const connected = new Set<string>();
    let closed = false;
    let up = false;

    function state(connection: string, isConnected: boolean, reason: string): void {
      if (isConnected) connected.add(connection);
      else connected.delete(connection);
      const allUp = CONNECTIONS.every((name) => connected.has(name));
      if (closed || allUp === up) return;
      up = allUp;
      const over = up ? failing.over(clock.monotonic()) : undefined;
      if (over !== undefined) log('info', 'market stream: connected again', { ...over });
      onState(up, `${connection} ${reason}`);
    }

    client.on('open', ({ wsKey }) => state(wsKey, true, 'open'));
    client.on('reconnected', ({ wsKey }) => state(wsKey, true, 'reconnected'));
    client.on('reconnecting', ({ wsKey }) => state(wsKey, false, 'lost, reconnecting'));
    client.on('close', ({ wsKey }) => state(wsKey, false, 'closed'));
    // Refused subscriptions, unreadable frames and connections that fail all come here; reconnecting is the SDK's.
    client.on('exception', (said: unknown) => {
      if (closed) return;
      const detail = faultText(said);
      const news = up ? {} : failing.failed(clock.monotonic(), detail);
      log(news === undefined ? 'debug' : 'warn', 'market stream: the stream client reports a fault', { detail, ...news });
    });
    client.on('message', (message: unknown) => {
      if (closed) return;
      const read = readMarketEvent(message);
      if ('unreadable' in read) dropped.report(read.unreadable.reason, read.unreadable.detail);
      else if ('ignored' in read) dropped.report(`event type ${read.ignored}`, read.ignored);
      // Since the venue joined its markets, streams may carry symbols of the other one.
      else if (read.event.type === 'listing') onEvent(read.event);
      else if (!wanted.has(read.event.symbol)) dropped.report('a symbol that was not asked for', read.event.symbol);
      else onEvent(read.event);
    });
    client.subscribe([...topicsOf(symbols), '!contractInfo'], 'usdm').then(
      () => {
        // A socket that was being made while we closed: the SDK finishes it, tells nobody, and keeps it.
        if (closed) client.closeAll(true);
      },
      (error: unknown) => log('warn', 'market stream: subscribing failed', { detail: messageOf(error) }),
    );

    return {
      resubscribe(stale) {
        const topics = topicsOf(stale.filter((symbol) => wanted.has(symbol)));
        if (closed || topics.length === 0) return;
        // Taken off first: the SDK asks for nothing that it thinks it has.
        client
          .unsubscribe(topics, 'usdm')
          .then(() => (topics.length > MANY_TOPICS ? sleep(clock, NEXT_SECOND_MS) : undefined))
          .then(() => (closed ? undefined : client.subscribe(topics, 'usdm')))
          .catch((error: unknown) => log('warn', 'market stream: subscribing anew failed', { detail: messageOf(error) }));
      },
      close() {
        closed = true;
        // By force: an orderly close waits 30 s for the other side.
        client.closeAll(true);
      },
    };
  }
}

/** Stream names are lower case; in the JSON of SUBSCRIBE 币安人生usdt travels as it is, only in an address it would be percent-encoded. */
function topicsOf(symbols: readonly SymbolName[]): string[] {
  return symbols.flatMap((symbol) => {
    const name = symbol.toLowerCase();
    return [`${name}@markPrice@1s`, `${name}@bookTicker`, `${name}@kline_1m`];
  });
}

function faultText(said: unknown): string {
  if (typeof said !== 'object' || said === null) return messageOf(said);
  const error = 'error' in said && typeof said.error === 'object' && said.error !== null ? said.error : said;
  const parts = ['code' in error ? String(error.code) : '', 'msg' in error ? String(error.msg) : '', 'message' in error ? String(error.message) : ''];
  return parts.filter((part) => part !== '' && part !== 'undefined').join(' ') || 'without a message';
}
