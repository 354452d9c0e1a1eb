/**
 * A venue of listen keys and private streams alone, in virtual time: a key lives 60 minutes from its last prolongation, and on one that
 * has died a stream is open, says nothing, and does not say why. What it does wrong, the test says.
 */
import type { ListenKey, UserEvent } from '../../src/protocol/venue.ts';
import { VenueError } from '../../src/venue/port.ts';
import type { OpenStream, VenueListenKeys, VenueUserStream } from '../../src/venue/port.ts';
import type { VirtualClock } from './virtual-clock.ts';

const KEY_LIVES_MS = 3_600_000;
const ANSWERS_AFTER_MS = 40;

type Handlers = Parameters<VenueUserStream['open']>[1];
interface Socket {
  readonly key: ListenKey;
  readonly handlers: Handlers;
}

export class KeyVenue {
  /** Each request, in order. */
  readonly requests: ('ask' | 'prolong')[] = [];
  /** Streams that are open, newest last. */
  sockets: readonly Socket[] = [];
  opened = 0;
  /** Undefined: it answers. Never: it does not, `error`: what it throws. */
  mood: { readonly of: 'ask' | 'prolong' | 'all'; readonly does: 'error' | 'never'; readonly error?: VenueError } | undefined;
  /** No stream can be opened. */
  refusesStreams = false;
  readonly #clock: VirtualClock;
  #key: { readonly value: ListenKey; endsAt: number } | undefined;
  #keys = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** The key that lives. */
  get key(): ListenKey | undefined {
    return this.#key !== undefined && this.#clock.monotonic() < this.#key.endsAt ? this.#key.value : undefined;
  }

  /** Without a word to anybody. */
  forget(): void {
    this.#key = undefined;
  }

  /** The streams on it are told, and stay open. */
  expire(): void {
    this.#key = undefined;
    for (const { handlers } of this.sockets) handlers.onLost('the listen key expired');
  }

  /** Ends every stream. */
  disconnect(): void {
    const { sockets } = this;
    this.sockets = [];
    for (const { handlers } of sockets) handlers.onLost('closed by the other side (1006)');
  }

  /** To all streams whose key lives; how many heard it. */
  say(event: UserEvent): number {
    const hearing = this.sockets.filter(({ key }) => key === this.key);
    for (const { handlers } of hearing) handlers.onEvent(event);
    return hearing.length;
  }

  readonly keys: VenueListenKeys = {
    ask: () => this.#answer('ask', () => {
      const value = this.key ?? { number: ++this.#keys };
      this.#key = { value, endsAt: this.#clock.monotonic() + KEY_LIVES_MS };
      return value;
    }),
    prolong: () => this.#answer('prolong', () => {
      if (this.key === undefined) throw new VenueError('rejected', 'PUT /fapi/v1/listenKey: 400 (-1125) This listenKey does not exist.', { venueCode: -1125 });
      this.#key!.endsAt = this.#clock.monotonic() + KEY_LIVES_MS;
      return this.key;
    }),
  };

  readonly stream: VenueUserStream = {
    open: (key, handlers): OpenStream => {
      const socket = { key, handlers };
      let closed = false;
      this.opened += 1;
      this.#clock.after(ANSWERS_AFTER_MS, () => {
        if (closed) return;
        if (this.refusesStreams) return handlers.onLost('connection refused');
        this.sockets = [...this.sockets, socket];
        handlers.onLive();
      });
      return {
        close: () => {
          closed = true;
          this.sockets = this.sockets.filter((one) => one !== socket);
        },
      };
    },
  };

  #answer<Value>(request: 'ask' | 'prolong', value: () => Value): Promise<Value> {
    this.requests.push(request);
    const mood = this.mood !== undefined && ['all', request].includes(this.mood.of) ? this.mood : undefined;
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    if (mood?.does === 'never') return promise;
    this.#clock.after(ANSWERS_AFTER_MS, () => {
      if (mood !== undefined) return reject(mood.error ?? new VenueError('unreachable', 'connection refused'));
      try {
        resolve(value());
      } catch (error) {
        reject(error as Error);
      }
    });
    return promise;
  }
}
