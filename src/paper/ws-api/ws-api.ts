/** The WebSocket API on the port of the exchange: connections that are pinged, live for a day at most, and never take another down with them. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { TimerHandle } from '../../supervision/clock.ts';
import { ApiConnection, type ApiSurroundings } from './api-connection.ts';
import { isWsApi } from './methods.ts';

const CONNECTING_WEIGHT = 5;
const PING_EVERY_MS = 180_000;
const PONG_WITHIN_MS = 600_000;
const CONNECTION_LIFE_MS = 86_400_000;
const MAX_FRAME_BYTES = 65_536;

export class WsApi {
  readonly #around: ApiSurroundings;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, allowSynchronousEvents: false });
  readonly #connections = new Set<ApiConnection>();
  #timer: TimerHandle | null = null;

  constructor({ server, ...around }: ApiSurroundings & { readonly server: Server }) {
    this.#around = around;
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (isWsApi(request.url ?? '')) this.#upgrade(request, socket, head);
    });
    this.#keepAlive();
  }

  close(): void {
    this.#timer?.cancel();
    for (const connection of this.#connections) connection.terminate();
    this.#sockets.close();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const address = request.socket.remoteAddress ?? '';
    const refused = this.#around.dispatcher.weigh(address, CONNECTING_WEIGHT);
    if (refused) {
      socket.end(`HTTP/1.1 ${refused.status} Too Many Requests\r\nRetry-After: ${refused.headers['Retry-After'] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
      return;
    }
    const withLimits = new URLSearchParams((request.url ?? '').split('?')[1]).get('returnRateLimits') !== 'false';
    this.#sockets.handleUpgrade(request, socket, head, (accepted) => {
      const connection = new ApiConnection(accepted, { address, withLimits }, this.#around);
      this.#connections.add(connection);
      accepted.on('close', () => this.#connections.delete(connection));
    });
  }

  #keepAlive(): void {
    this.#timer = this.#around.clock.after(PING_EVERY_MS, () => {
      const now = this.#around.clock.monotonic();
      for (const connection of this.#connections) {
        if (now - connection.lastPongAt > PONG_WITHIN_MS || now - connection.openedAt >= CONNECTION_LIFE_MS) connection.terminate();
        else connection.ping();
      }
      this.#keepAlive();
    });
  }
}
