/**
 * The user-stream actor's door: `onLive` once for each connection that is open on a fresh listen key, `onLost` once for each that ends, and trying again until closed.
 *
 * On a plain `ws` socket and REST calls, not on the SDK's user-data stream: that one swallows the failure of its first subscription,
 * prolongs keys only every 50 minutes on timers of its own that outlive `closeAll`, and splits its connection names at `_`.
 */
import { messageOf } from '../protocol/errors.ts';
import type { Clock, TimerHandle } from '../supervision/clock.ts';
import type { BanGate } from './ban-gate.ts';
import type { CallResult, VenueRequest } from './binance-call.ts';
import { callVenue } from './binance-call.ts';
import type { BinanceClients } from './binance-client.ts';
import { createDroppedEvents } from './dropped-events.ts';
import { parseExactJson } from './exact-json.ts';
import type { HeartbeatSocket } from './heartbeat-socket.ts';
import { openHeartbeatSocket } from './heartbeat-socket.ts';
import { keepListenKey, requestListenKey } from './listen-key.ts';
import { typeOf } from './parse-market-events.ts';
import { lacksItsTrade, readUserEvent } from './parse-user-events.ts';
import type { OpenStream, VenueUserStream } from './port.ts';
import { VenueError } from './port.ts';
import type { Redactor, VenueLog } from './venue-log.ts';

export interface UserStreamOptions {
  readonly clients: BinanceClients;
  readonly clock: Clock;
  readonly offsetMs: () => number;
  readonly banGate: BanGate;
  readonly log: VenueLog;
  readonly redactor: Redactor;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
/** A connection that held this long was a good one: its loss begins the delays anew. */
const SETTLED_MS = 60_000;
/** The same fill comes again, with its commission, as ORDER_TRADE_UPDATE. */
const IGNORED: ReadonlySet<string> = new Set(['TRADE_LITE']);

type Handlers = Parameters<VenueUserStream['open']>[0];

export function createUserStream(options: UserStreamOptions): VenueUserStream {
  return { open: (handlers) => openUserStream(options, handlers) };
}

function openUserStream({ clients, clock, offsetMs, banGate, log, redactor }: UserStreamOptions, handlers: Handlers): OpenStream {
  const dropped = createDroppedEvents('user stream', clock, log);
  let closed = false;
  let failures = 0;
  let liveSince: number | undefined;
  let socket: HeartbeatSocket | undefined;
  let keeper: TimerHandle | undefined;
  let retry: TimerHandle | undefined;

  function call(request: VenueRequest): Promise<CallResult> {
    return banGate(request, () => callVenue(clients.reads, request, { clock, limitMs: clients.timeouts.readMs, offsetMs: offsetMs(), redact: (text) => redactor.redact(text) }));
  }

  async function connect(): Promise<void> {
    const listenKey = await requestListenKey(call, clock.now() + Math.round(offsetMs()));
    if (closed) return;
    redactor.learn(listenKey);
    socket = openHeartbeatSocket(`${clients.endpoint.streamUrl}/private/stream?listenKey=${listenKey}`, clock, {
      onOpen() {
        liveSince = clock.monotonic();
        keeper = keepListenKey(clock, call, lose);
        handlers.onLive();
      },
      onText: receive,
      onEnd: lose,
    });
  }

  function start(): void {
    connect().catch((error: unknown) => {
      const wait = error instanceof VenueError ? error.retryAfterMs : undefined;
      tryAgain(messageOf(error), wait);
    });
  }

  /** The one way down: the socket ended, the key expired, or it can no longer be kept. */
  function lose(reason: string): void {
    if (closed) return;
    socket?.close();
    keeper?.cancel();
    const since = liveSince;
    liveSince = undefined;
    if (since !== undefined) {
      if (clock.monotonic() - since >= SETTLED_MS) failures = 0;
      handlers.onLost(redactor.redact(reason));
    }
    tryAgain(reason);
  }

  function tryAgain(reason: string, atLeastMs = 0): void {
    // A handler may have closed us just now.
    if (closed) return;
    const delayMs = Math.max(Math.min(FIRST_RETRY_MS * 2 ** failures, LONGEST_RETRY_MS), atLeastMs);
    failures += 1;
    log('warn', 'user stream: not live, trying again', { reason, attempt: failures, delayMs });
    retry?.cancel();
    retry = clock.after(delayMs, start);
  }

  function receive(text: string): void {
    const message = unwrapped(text);
    const type = typeOf(message);
    if (type === 'listenKeyExpired') return lose('the listen key expired');
    if (type !== undefined && IGNORED.has(type)) return undefined;
    const read = readUserEvent(message);
    if ('event' in read) {
      if (lacksItsTrade(read.event, message)) dropped.report('a fill without trade id or fee: only its order was told', text.slice(0, 300));
      return handlers.onEvent(read.event);
    }
    // Margin calls and what comes new: nothing of ours acts on them, and nobody should miss them.
    return 'ignored' in read ? dropped.report(`event type ${read.ignored}`, text.slice(0, 300)) : dropped.report(read.unreadable.reason, read.unreadable.detail);
  }

  start();
  return {
    close() {
      closed = true;
      retry?.cancel();
      keeper?.cancel();
      socket?.close();
      // The key is not deleted: every process with this API key shares it, also the one that is taking over. It ends by itself.
    },
  };
}

/** Events come as `{stream, data}`; what is not JSON is passed on as text, to be refused with its beginning. */
function unwrapped(text: string): unknown {
  try {
    const message = parseExactJson(text);
    return typeof message === 'object' && message !== null && 'data' in message ? message.data : message;
  } catch {
    return text;
  }
}
