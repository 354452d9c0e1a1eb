/** What a client pipelines is served one request at a time, each when the answer before it has left: answers that nobody reads are not made. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests of one connection that wait; beyond this it is not read, until half of them are served. */
const MAX_WAITING = 256;

interface Waiting {
  readonly response: ServerResponse;
  readonly serve: () => void;
}

export class Pipelines {
  readonly #waiting = new WeakMap<Socket, Waiting[]>();

  /** Calls `serve` now, or when every request before it on this connection has been answered; never when the connection is gone by then. */
  enter(socket: Socket, response: ServerResponse, serve: () => void): void {
    const waiting = this.#waiting.get(socket);
    if (waiting === undefined) {
      this.#waiting.set(socket, []);
      this.#run(socket, { response, serve });
      return;
    }
    waiting.push({ response, serve });
    if (waiting.length === MAX_WAITING) socket.pause();
  }

  #run(socket: Socket, { response, serve }: Waiting): void {
    response.once('close', () => this.#next(socket));
    serve();
  }

  #next(socket: Socket): void {
    const waiting = this.#waiting.get(socket) ?? [];
    const next = socket.destroyed ? undefined : waiting.shift();
    if (waiting.length === MAX_WAITING / 2) socket.resume();
    if (next) this.#run(socket, next);
    else this.#waiting.delete(socket);
  }
}
