/** A way to a server that breaks where the test says: in the middle of a request, or after it was carried out and before its answer. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/**
 * `pass`: as a wire. `cut-answer`: the next request reaches the server, its answer is not passed on and the connection breaks.
 * `cut-request`: half of the next request reaches the server, then the connection breaks. `hold-request`: the connection breaks, and
 * the request stays on the way until `letGo`. `late-answer`: the answer is passed on when `meanwhile` is over. `refuse`: nobody gets through.
 */
export type ProxyMood = 'pass' | 'cut-answer' | 'cut-request' | 'hold-request' | 'late-answer' | 'refuse';

export class CuttingProxy {
  /** What happens to the next request that contains `only`; then it is `next` (`refuse` stays). */
  mood: ProxyMood = 'pass';
  only = '';
  next: ProxyMood = 'pass';
  /** What happens while an answer is late. */
  meanwhile: () => Promise<void> = () => Promise.resolve();
  /** Port of the server behind; changed, it is another server for those who connect from then on. */
  target: number;
  /** Connections that were broken off on the way. */
  cuts = 0;
  #held: (() => Promise<unknown>) | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async start(target: number): Promise<CuttingProxy> {
    const server = createServer();
    const proxy = new CuttingProxy(server, target);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.target = target;
    server.on('connection', (client) => this.#serve(client));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Breaks all connections there are. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** What was held reaches the server at last; resolves with its answer, which nobody gets. */
  letGo(): Promise<unknown> {
    if (this.#held === undefined) throw new Error('nothing is held');
    return this.#held();
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(client: Socket): void {
    if (this.mood === 'refuse') return void client.destroy();
    const behind = connect(this.target, '127.0.0.1');
    let swallow = false;
    let holding = false;
    let late: Promise<void> | undefined;
    for (const socket of [client, behind]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        if (!holding) behind.destroy();
      });
    }
    const cut = (): void => {
      this.cuts += 1;
      client.destroy();
      behind.destroy();
    };
    client.on('data', (request: Buffer) => {
      const { mood } = this;
      if (mood === 'pass' || mood === 'refuse' || !request.includes(this.only)) return void behind.write(request);
      this.mood = this.next;
      if (mood === 'late-answer') {
        // Begun when the server has answered: what happens meanwhile is later than the answer.
        late = once(behind, 'data').then(() => this.meanwhile());
        return void behind.write(request);
      }
      if (mood === 'hold-request') {
        holding = true;
        this.cuts += 1;
        this.#held = async () => {
          const answer = once(behind, 'data');
          behind.write(request);
          const [data] = (await answer) as [Buffer];
          behind.destroy();
          return data.toString();
        };
        return void client.destroy();
      }
      swallow = mood === 'cut-answer';
      if (swallow) behind.write(request);
      else behind.write(request.subarray(0, request.length >> 1), cut);
    });
    behind.on('data', (answer) => {
      if (swallow) cut();
      else if (late === undefined) client.write(answer);
      else late.then(() => client.write(answer), cut);
    });
  }
}
