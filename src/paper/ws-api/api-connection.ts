/** One WebSocket of the WebSocket API: each frame is one request and gets one answer, unless a fault was asked for. */
import type { WebSocket } from 'ws';
import type { Clock } from '../../supervision/clock.ts';
import { serveWithFaults, type Faults } from '../control/faults.ts';
import { VenueError } from '../core/venue-error.ts';
import type { Log, PaperVenue } from '../venue.ts';
import { refusalAnswer, type Dispatcher, type WireAnswer } from '../wire/dispatch.ts';
import { apiAnswer } from './api-answer.ts';
import { apiParams, apiSignatures, BadFrame, readApiRequest, type ApiRequest } from './api-request.ts';
import { isSessionMethod, METHODS, WS_API_PATH, type SessionMethod } from './methods.ts';

/** A client that asks and does not read is cut off here. */
const MAX_BUFFERED_BYTES = 8_388_608;

export interface ApiSurroundings {
  readonly venue: PaperVenue;
  readonly dispatcher: Dispatcher;
  readonly faults: Faults;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ApiPeer {
  readonly address: string;
  /** Whether answers say what was used of the limits, unless a request says otherwise. */
  readonly withLimits: boolean;
}

export class ApiConnection {
  readonly openedAt: number;
  lastPongAt: number;
  readonly #socket: WebSocket;
  readonly #peer: ApiPeer;
  readonly #around: ApiSurroundings;
  readonly #connectedSince: number;

  constructor(socket: WebSocket, peer: ApiPeer, around: ApiSurroundings) {
    this.#socket = socket;
    this.#peer = peer;
    this.#around = around;
    this.#connectedSince = around.venue.now();
    this.openedAt = around.clock.monotonic();
    this.lastPongAt = this.openedAt;
    socket.on('pong', () => {
      this.lastPongAt = around.clock.monotonic();
    });
    socket.on('message', (data, isBinary) => {
      this.#onFrame(isBinary ? '' : String(data as Buffer)).catch((error: unknown) => {
        around.log('error', { err: error }, 'the paper exchange failed on a request of the WebSocket API');
        socket.terminate();
      });
    });
    // A broken frame: ws closes the connection itself; without a listener it would be an unhandled error.
    socket.on('error', () => socket.terminate());
  }

  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  terminate(): void {
    this.#socket.terminate();
  }

  async #onFrame(frame: string): Promise<void> {
    // What it sent before it was cut off is not carried out after it.
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    let request: ApiRequest;
    try {
      request = readApiRequest(frame);
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      this.#send(JSON.stringify({ id: error.id, status: 400, error: { code: error.code, msg: error.message }, rateLimits: [] }));
      return;
    }
    const { address } = this.#peer;
    const { venue, clock, faults } = this.#around;
    const withLimits = request.values.has('returnRateLimits') ? request.values.get('returnRateLimits') === 'true' : this.#peer.withLimits;
    // Faults name the endpoint, whichever way it is asked.
    const [method = '', path = ''] = (METHODS.get(request.method) ?? `WS ${WS_API_PATH}`).split(' ');
    const outcome = await serveWithFaults(faults, clock, { method, path, address, params: () => apiParams(request.values), now: () => venue.now(), serve: () => this.#serve(request, withLimits) });
    if (outcome === 'reset') this.#socket.terminate();
    if (typeof outcome !== 'string') this.#send(apiAnswer(request.id, outcome, withLimits, venue.now()));
  }

  #serve({ method, values }: ApiRequest, withLimits: boolean): WireAnswer {
    if (isSessionMethod(method)) return this.#session(method, withLimits);
    const endpoint = METHODS.get(method);
    if (endpoint === undefined) return refusalAnswer(new VenueError('UNKNOWN_PATH', WS_API_PATH, method.slice(0, 40)));
    const [httpMethod = '', path = ''] = endpoint.split(' ');
    return this.#around.dispatcher.call({
      method: httpMethod,
      path,
      apiKey: values.get('apiKey'),
      address: this.#peer.address,
      params: () => apiParams(values),
      signatures: (secret) => apiSignatures(secret, values),
    });
  }

  /** Nobody is ever logged on: the keys here cannot. */
  #session(method: SessionMethod, returnRateLimits: boolean): WireAnswer {
    const limited = this.#around.dispatcher.weigh(this.#peer.address, 2);
    if (limited) return limited;
    if (method === 'session.logon') return refusalAnswer(new VenueError('BAD_KEY_TYPE'));
    return { status: 200, headers: {}, json: { apiKey: null, authorizedSince: null, connectedSince: this.#connectedSince, returnRateLimits, serverTime: this.#around.venue.now() } };
  }

  #send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) this.#socket.terminate();
    else this.#socket.send(text);
  }
}
