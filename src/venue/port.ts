/** The exchange as the rest of Vigil sees it: four doors, one for each actor that may open it. */
import type { MarketEvent } from '../protocol/market.ts';
import type { SymbolName } from '../protocol/names.ts';
import type { ListenKey, ReadName, UserEvent, VenueReads, VenueWrite, WriteOutcome } from '../protocol/venue.ts';

/** What a read that got no usable answer throws. `VenueError.kind` is the whole of what callers decide by. */
export class VenueError extends Error {
  readonly kind: 'rejected' | 'throttled' | 'unreachable' | 'unknown' | 'authentication';
  /** The venue's own code (−2013, …) where it gave one. */
  readonly venueCode: number | undefined;
  readonly retryAfterMs: number | undefined;
  /** Throttled by a ban of the address (418): asking again lengthens it. */
  readonly banned: boolean;

  constructor(kind: VenueError['kind'], message: string, options: { venueCode?: number | undefined; retryAfterMs?: number | undefined; banned?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'VenueError';
    this.kind = kind;
    this.venueCode = options.venueCode;
    this.retryAfterMs = options.retryAfterMs;
    this.banned = options.banned ?? false;
  }
}

/** Order counts and request weight as the venue's answers last stated them. */
export interface VenueUsage {
  readonly weight1m: number | undefined;
  readonly orders10s: number | undefined;
  readonly orders1m: number | undefined;
}

/** The gateway's door: everything over REST. Holds the keys; nothing it returns or throws contains them. */
export interface VenueGateway {
  /** @throws VenueError */
  read<Name extends ReadName>(name: Name, query: VenueReads[Name]['query'], signal?: AbortSignal): Promise<VenueReads[Name]['answer']>;
  /** Never throws for what the venue or the network did: that is an outcome. Never retries. */
  write(write: VenueWrite): Promise<WriteOutcome>;
  usage(): VenueUsage;
}

/** A stream that is open until `close`. */
export interface OpenStream {
  close(): void;
}

/** A market stream that is open until `close`. */
export interface OpenMarketStream extends OpenStream {
  /** Asks the venue once more for these, on the connection there is. */
  resubscribe(symbols: readonly SymbolName[]): void;
}

/** The market actor's door. */
export interface VenueMarketStreams {
  /** Subscribes mark price (1 s), book ticker and 1-minute candles of `symbols`. `onState` says whether the socket is up. */
  open(symbols: readonly SymbolName[], onEvent: (event: MarketEvent) => void, onState: (up: boolean, reason: string) => void): OpenMarketStream;
}

/** The listen-key actor's door. One key an account: asking twice gives the same one, which is the same value here. */
export interface VenueListenKeys {
  /**
   * The active key, with its life prolonged, or a new one.
   * @throws VenueError
   */
  ask(signal?: AbortSignal): Promise<ListenKey>;
  /**
   * Prolongs the account's key for 60 minutes, and says which it is where the venue does: another than the one that was given is the end of that.
   * @throws VenueError with `venueCode` −1125 when there is none
   */
  prolong(signal?: AbortSignal): Promise<ListenKey | undefined>;
}

/** The user-stream actor's door. */
export interface VenueUserStream {
  /** One connection on `key`, which must have come from the listen keys of the same venue. `onLive` once, when it is open; `onLost` once, when it has ended or could not be opened. */
  open(key: ListenKey, handlers: { onEvent(event: UserEvent): void; onLive(): void; onLost(reason: string): void }): OpenStream;
}

/** The doors of one venue, made together from one configuration value so that a half-pointed client cannot exist. */
export interface Venue {
  readonly gateway: VenueGateway;
  readonly marketStreams: VenueMarketStreams;
  readonly listenKeys: VenueListenKeys;
  readonly userStream: VenueUserStream;
}
