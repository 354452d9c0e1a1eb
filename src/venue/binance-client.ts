/** The SDK is configured here and nowhere else: both its clients from one endpoint, quiet, exact, and never pointed at a host its mode does not own. */
import { createHmac } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { USDMClient, WebsocketClient } from 'binance';
import { VigilError, messageOf } from '../protocol/errors.ts';
import { RECV_WINDOW_MS } from '../protocol/venue.ts';
import type { VenueEndpoint } from './endpoint.ts';
import { assertEndpoint } from './endpoint-fence.ts';
import { parseExactJson } from './exact-json.ts';
import type { VenueLog } from './venue-log.ts';

/** HMAC key and secret, or a secret that is a PEM private key. */
export interface Credentials {
  readonly apiKey: string;
  readonly apiSecret: string;
}

export interface CallTimeouts {
  readonly readMs: number;
  /** Long, because giving up on an order answers nothing: the caller's own 8 s already made the state Ambiguous (ruling 9). */
  readonly writeMs: number;
}
export const DEFAULT_TIMEOUTS: CallTimeouts = { readMs: 8_000, writeMs: 30_000 };

/** Shorter than the venue's own idle limit: a request on a connection the other side has just given up ends as "unknown outcome". */
const IDLE_SOCKET_MS = 15_000;
/** The venue allows 300 tries of an address in five minutes, and each of the two connections of the market streams tries so often, as long as it is refused: 240. */
const RECONNECT_MS = 2_500;
const LARGEST_ANSWER_BYTES = 64 * 1024 * 1024;

export interface BinanceClients {
  readonly endpoint: VenueEndpoint;
  readonly timeouts: CallTimeouts;
  readonly reads: USDMClient;
  readonly writes: USDMClient;
  /** Asks what the key may do, and nothing else; undefined: this venue does not tell. */
  readonly keys: USDMClient | undefined;
  /** A new client for public streams; it knows no key. */
  createStreamClient(): WebsocketClient;
}

export interface BinanceClientOptions {
  readonly endpoint: VenueEndpoint;
  /** `venue.armed`, asked a second time here. */
  readonly armed: string | undefined;
  readonly credentials: Credentials;
  readonly log: VenueLog;
  readonly timeouts?: CallTimeouts;
}

/** Topics that one message of a stream asks for. The venue reads ten messages in a second, and drops what is longer than 4,096 bytes without a word (binance-connector-rust issue 27; it is not documented): a thousand topics are nine. */
export const TOPICS_A_MESSAGE = 115;

class StreamClient extends WebsocketClient {
  protected override getMaxTopicsPerSubscribeEvent(): number {
    return TOPICS_A_MESSAGE;
  }
}

/** @throws VigilError VENUE_NOT_ARMED, VENUE_ADDRESS_REFUSED, CREDENTIALS_MISSING */
export function createBinanceClients(options: BinanceClientOptions): BinanceClients {
  const { endpoint, credentials, log } = options;
  assertEndpoint(endpoint, options.armed);
  assertCredentials(credentials);
  const timeouts = options.timeouts ?? DEFAULT_TIMEOUTS;
  const rest = restSettings(endpoint, credentials);
  return {
    endpoint,
    timeouts,
    reads: new USDMClient(rest, requestSettings(timeouts.readMs)),
    writes: new USDMClient(rest, requestSettings(timeouts.writeMs)),
    keys: endpoint.keysUrl === undefined ? undefined : new USDMClient({ ...rest, baseUrl: endpoint.keysUrl }, requestSettings(timeouts.readMs)),
    createStreamClient: () =>
      new StreamClient(
        {
          beautify: false,
          // Both, always: with wsUrl alone the SDK's own REST calls would go to the live venue.
          wsUrl: endpoint.streamUrl,
          restOptions: { baseUrl: endpoint.restUrl },
          pingInterval: 10_000,
          pongTimeout: 5_000,
          reconnectTimeout: RECONNECT_MS,
          // Without it a server that accepts and never answers the handshake holds the SDK for ever.
          wsOptions: { handshakeTimeout: 10_000 },
          customParseJSONFn: (raw) => parseExactJson(raw) as object,
        },
        streamLogger(log),
      ),
  };
}

function restSettings(endpoint: VenueEndpoint, credentials: Credentials): ConstructorParameters<typeof USDMClient>[0] {
  const settings = {
    api_key: credentials.apiKey,
    api_secret: credentials.apiSecret,
    baseUrl: endpoint.restUrl,
    recvWindow: RECV_WINDOW_MS,
    disableTimeSync: true,
    filterUndefinedParams: true,
    beautifyResponses: false,
    // The SDK's own error shape drops the HTTP status, without which 429, 418 and the kinds of 503 cannot be told apart.
    // What comes instead holds the key; `binance-call.ts` takes the few safe fields and lets the rest go.
    parseExceptions: false,
  };
  // The SDK signs HMAC through WebCrypto's thread pool, behind whatever disk work waits there. PEM keys it must sign itself.
  if (credentials.apiSecret.includes('PRIVATE KEY')) return settings;
  return { ...settings, customSignMessageFn: (text, secret) => Promise.resolve(createHmac('sha256', secret).update(text).digest('hex')) };
}

function requestSettings(timeoutMs: number): ConstructorParameters<typeof USDMClient>[1] {
  return {
    timeout: timeoutMs,
    // The SDK's keepAlive covers https only, and the paper exchange is http.
    httpAgent: new HttpAgent({ keepAlive: true, timeout: IDLE_SOCKET_MS }),
    httpsAgent: new HttpsAgent({ keepAlive: true, timeout: IDLE_SOCKET_MS }),
    // A redirect or a proxy from the environment would carry the key to a host the fence never saw.
    maxRedirects: 0,
    proxy: false,
    maxContentLength: LARGEST_ANSWER_BYTES,
    transformResponse: [(raw: unknown) => parsedOrRaw(raw)],
  };
}

/** HTML and other non-JSON stay text: the schemas refuse it with the endpoint's name. */
function parsedOrRaw(raw: unknown): unknown {
  if (typeof raw !== 'string' || raw === '') return raw;
  try {
    return parseExactJson(raw);
  } catch {
    return raw;
  }
}

function assertCredentials(credentials: Credentials): void {
  if (credentials.apiKey === '' || credentials.apiSecret === '') throw new VigilError('CREDENTIALS_MISSING', 'the API key or its secret is empty');
  // Node refuses such a header with an error that quotes it.
  if (!/^[\x21-\x7e]+$/.test(credentials.apiKey)) throw new VigilError('CREDENTIALS_MISSING', 'the API key contains a blank, a line break or a character outside ASCII');
}

/** What it says of a socket's fault it also reports as an exception, which is where it is told. */
const TOLD_AS_EXCEPTION = /^Websocket onWsError due to/;

/** The SDK prints sockets and whole events; of its arguments only the sentence and the connection's name are kept. */
function streamLogger(log: VenueLog): { trace(): void; info(...said: unknown[]): void; error(...said: unknown[]): void } {
  function say(level: 'debug' | 'warn', said: readonly unknown[]): void {
    const context = said.find((part): part is { wsKey: string } => typeof part === 'object' && part !== null && 'wsKey' in part && typeof part.wsKey === 'string');
    log(level, `stream client: ${messageOf(said[0]).slice(0, 200)}`, context === undefined ? {} : { connection: context.wsKey });
  }
  return { trace: () => undefined, info: (...said) => say('debug', said), error: (...said) => say(TOLD_AS_EXCEPTION.test(messageOf(said[0])) ? 'debug' : 'warn', said) };
}
