/** All connections of all clients: market streams on the routes they belong to, user events to the keys they belong to. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type ServerOptions } from 'ws';
import type { Clock, TimerHandle } from '../../supervision/clock.ts';
import type { ExchangeEvent } from '../core/events.ts';
import type { PaperVenue } from '../venue.ts';
import { isWsApi } from '../ws-api/methods.ts';
import { Connection, type Address } from './connection.ts';
import { DepthFeed } from './depth-feed.ts';
import { ForceOrders } from './force-orders.ts';
import { MarketFeed } from './market-feed.ts';
import { concerns, type StreamFault, type StreamFaults } from './stream-faults.ts';
import { Topics, type StreamRoute } from './topics.ts';
import { userMessages } from './user-events.ts';

const SECOND_MS = 1_000;
const PING_EVERY_MS = 180_000;
const PONG_WITHIN_MS = 600_000;
const MAX_FRAME_BYTES = 65_536;
/** Who was told that it is closed has this long to agree; until then its frames are still read. */
const CLOSE_WITHIN_MS = 2_000;
/** One frame at a time, so that nobody waits for all that another sent at once. */
const SOCKETS: ServerOptions & { readonly closeTimeout: number } = { noServer: true, maxPayload: MAX_FRAME_BYTES, allowSynchronousEvents: false, closeTimeout: CLOSE_WITHIN_MS };
/** A connection lives for a day. */
const CONNECTION_LIFE_MS = 86_400_000;

/** Reads `/market/ws/a@b/c@d`, `/private/stream?streams=…`, `/private/ws?listenKey=…`; null for a path that is no stream. */
function readAddress(url: string): Address | null {
  const [path = '', query = ''] = url.split('?', 2);
  const parts = path.split('/').slice(1);
  const first = parts[0] ?? '';
  const route: StreamRoute = first === 'market' || first === 'private' || first === 'public' ? first : 'public';
  const rest = first === route ? parts.slice(1) : parts;
  const mode = rest[0];
  if (mode !== 'ws' && mode !== 'stream') return null;
  const search = new URLSearchParams(query);
  const listenKey = search.get('listenKey');
  const streams = [...(mode === 'ws' ? rest.slice(1) : []), ...(search.get('streams')?.split('/') ?? []), ...(listenKey ? [listenKey] : [])];
  const events = search.get('events');
  return { route, combined: mode === 'stream', streams: streams.filter((name) => name !== ''), events: events ? new Set(events.split('/')) : null };
}

export class StreamHub {
  readonly #venue: PaperVenue;
  readonly #clock: Clock;
  readonly #sockets = new WebSocketServer(SOCKETS);
  readonly #connections = new Set<Connection>();
  readonly #topics = new Topics();
  readonly #faults: StreamFaults;
  readonly #feed: MarketFeed;
  readonly #depth: DepthFeed;
  readonly #forceOrders: ForceOrders;
  #timer: TimerHandle | null = null;
  #seconds = 0;
  #lastPing: number;

  constructor(venue: PaperVenue, server: Server, clock: Clock, faults: StreamFaults) {
    this.#venue = venue;
    this.#clock = clock;
    this.#lastPing = clock.monotonic();
    this.#faults = faults;
    faults.onBegin((fault) => this.#onFault(fault));
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => this.#upgrade(request, socket, head));
    this.#feed = new MarketFeed(venue, this.#topics);
    this.#depth = new DepthFeed(venue, this.#topics, clock);
    this.#topics.watch(this.#depth);
    this.#forceOrders = new ForceOrders(this.#topics);
    venue.onMarket((change) => this.#feed.onMarket(change));
    venue.onEvents((events) => this.#onEvents(events));
    this.#everySecond();
  }

  close(): void {
    this.#timer?.cancel();
    this.#depth.close();
    for (const connection of this.#connections) connection.terminate();
    this.#sockets.close();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (isWsApi(request.url ?? '')) return;
    const address = readAddress(request.url ?? '');
    socket.on('error', () => socket.destroy());
    if (!address) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () => socket.destroy());
      return;
    }
    const cut = this.#faults.on(address.route, 'disconnect');
    if (cut) {
      this.#faults.used(cut, `a ${address.route} connection was refused`);
      socket.destroy();
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (accepted) => {
      const connection = new Connection(accepted, address, { clock: this.#clock, topics: this.#topics, faults: this.#faults });
      this.#connections.add(connection);
      accepted.on('close', () => this.#connections.delete(connection));
      // A broken frame: ws closes the connection itself; without a listener it would be an unhandled error.
      accepted.on('error', () => accepted.terminate());
    });
  }

  #onFault(fault: StreamFault): void {
    if (fault.action === 'expire-listen-key') this.#expireKeys();
    if (fault.action !== 'disconnect') return;
    for (const connection of this.#connections) {
      if (!concerns(fault, connection.route)) continue;
      this.#faults.used(fault, `a ${connection.route} connection was cut`);
      connection.terminate();
    }
  }

  #onEvents(events: readonly ExchangeEvent[]): void {
    this.#forceOrders.onEvents(events);
    this.#feed.onEvents(events);
    for (const symbol of new Set(events.flatMap((event) => (event.type === 'OrderTraded' ? [event.order.symbol] : [])))) {
      this.#venue.market.bookChanged(symbol);
      this.#feed.onBook(symbol);
    }
    if (this.#connections.size === 0) return;
    for (const event of events) {
      const { apiKey, messages } = userMessages(this.#venue.state, event);
      const key = this.#venue.listenKeys.keyOf(apiKey, this.#venue.now());
      if (key === undefined) continue;
      for (const { event: name, payload } of messages) {
        const text = JSON.stringify(payload);
        for (const listener of this.#topics.listeners('private', key)) {
          if (listener.events?.has(name) ?? true) listener.publish(key, text);
        }
      }
    }
  }

  #everySecond(): void {
    this.#timer = this.#clock.after(SECOND_MS, () => {
      this.#seconds += 1;
      this.#feed.onSecond(this.#seconds);
      this.#forceOrders.onSecond(this.#venue.now());
      this.#expireKeys();
      this.#pingAll();
      this.#everySecond();
    });
  }

  /** The socket stays open; nothing more comes on the key. A fault expires keys that have time left. */
  #expireKeys(): void {
    const now = this.#venue.now();
    const early = this.#faults.on('private', 'expire-listen-key');
    for (const key of this.#venue.listenKeys.expire(early ? Infinity : now)) {
      if (early) this.#faults.used(early, 'a listen key was expired');
      this.#topics.publish('private', key, () => ({ e: 'listenKeyExpired', E: now, listenKey: key }));
    }
  }

  #pingAll(): void {
    const now = this.#clock.monotonic();
    for (const connection of this.#connections) if (now - connection.openedAt >= CONNECTION_LIFE_MS) connection.terminate();
    if (now - this.#lastPing < PING_EVERY_MS) return;
    this.#lastPing = now;
    for (const connection of this.#connections) {
      if (now - connection.lastPongAt > PONG_WITHIN_MS) connection.terminate();
      else connection.ping();
    }
  }
}
