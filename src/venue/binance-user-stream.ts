/**
 * The user-stream actor's door: one connection to the private stream on a listen key, live once it is open, and its end told once.
 *
 * On a plain `ws` socket, not on the SDK's user-data stream: that one swallows the failure of its first subscription,
 * prolongs keys only every 50 minutes on timers of its own that outlive `closeAll`, and splits its connection names at `_`.
 */
import type { ListenKey } from '../protocol/venue.ts';
import type { Clock } from '../supervision/clock.ts';
import { createDroppedEvents } from './dropped-events.ts';
import { parseExactJson } from './exact-json.ts';
import { openHeartbeatSocket } from './heartbeat-socket.ts';
import type { TextOf } from './listen-keys.ts';
import { typeOf } from './parse-market-events.ts';
import { lacksItsTrade, readUserEvent } from './parse-user-events.ts';
import type { OpenStream, VenueUserStream } from './port.ts';
import type { Redactor, VenueLog } from './venue-log.ts';

export interface UserStreamOptions {
  readonly streamUrl: string;
  readonly textOf: TextOf;
  readonly clock: Clock;
  readonly log: VenueLog;
  readonly redactor: Redactor;
}

/** The same fill comes again, with its commission, as ORDER_TRADE_UPDATE. */
const IGNORED: ReadonlySet<string> = new Set(['TRADE_LITE']);

type Handlers = Parameters<VenueUserStream['open']>[1];

export function createUserStream(options: UserStreamOptions): VenueUserStream {
  const dropped = createDroppedEvents('user stream', options.clock, options.log);
  return { open: (key, handlers) => openUserStream(options, dropped, key, handlers) };
}

function openUserStream({ streamUrl, textOf, clock, redactor }: UserStreamOptions, dropped: ReturnType<typeof createDroppedEvents>, key: ListenKey, handlers: Handlers): OpenStream {
  const text = textOf(key);
  if (text === undefined) throw new Error(`listen key ${key.number} was not given by this venue: ask its own listen keys for one`);
  const socket = openHeartbeatSocket(`${streamUrl}/private/stream?listenKey=${text}`, clock, {
    onOpen: () => handlers.onLive(),
    onText: receive,
    onEnd: (reason) => handlers.onLost(redactor.redact(reason)),
  });
  // The key is not deleted with the connection: every process with this API key shares it, also the one that is taking over. It ends by itself.
  return { close: () => socket.close() };

  function receive(said: string): void {
    const message = unwrapped(said);
    const type = typeOf(message);
    if (type === 'listenKeyExpired') {
      // The venue leaves the socket open, and says nothing more on it.
      socket.close();
      return handlers.onLost('the listen key expired');
    }
    if (type !== undefined && IGNORED.has(type)) return undefined;
    const read = readUserEvent(message);
    if ('event' in read) {
      if (lacksItsTrade(read.event, message)) dropped.report('a fill without trade id or fee: only its order was told', said.slice(0, 300));
      return handlers.onEvent(read.event);
    }
    // Margin calls and what comes new: nothing of ours acts on them, and nobody should miss them.
    return 'ignored' in read ? dropped.report(`event type ${read.ignored}`, said.slice(0, 300)) : dropped.report(read.unreadable.reason, read.unreadable.detail);
  }
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
