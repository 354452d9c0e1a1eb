/** Who listens to what: a message is made once, and only when a connection on the right route subscribes to its stream. */
/** Unrouted connections count as public. */
export type StreamRoute = 'public' | 'market' | 'private';

export interface Subscriber {
  readonly route: StreamRoute;
  /** Only these user events, or all. */
  readonly events: ReadonlySet<string> | null;
  /** Sends an event of `stream` (normalised name). */
  publish(stream: string, payload: string): void;
}

/** Told when the first subscriber of a public stream comes and when the last goes. */
export interface TopicsWatcher {
  begins(stream: string): void;
  ends(stream: string): void;
}

export class Topics {
  readonly #listeners = new Map<string, Set<Subscriber>>();
  #watcher: TopicsWatcher | null = null;

  watch(watcher: TopicsWatcher): void {
    this.#watcher = watcher;
  }

  /** @param stream normalised name. */
  add(subscriber: Subscriber, stream: string): void {
    const key = `${subscriber.route} ${stream}`;
    const listeners = this.#listeners.get(key);
    if (listeners) {
      listeners.add(subscriber);
      return;
    }
    this.#listeners.set(key, new Set([subscriber]));
    if (subscriber.route === 'public') this.#watcher?.begins(stream);
  }

  remove(subscriber: Subscriber, stream: string): void {
    const key = `${subscriber.route} ${stream}`;
    const listeners = this.#listeners.get(key);
    listeners?.delete(subscriber);
    if (listeners?.size !== 0) return;
    this.#listeners.delete(key);
    if (subscriber.route === 'public') this.#watcher?.ends(stream);
  }

  wanted(route: StreamRoute, stream: string): boolean {
    return this.#listeners.has(`${route} ${stream}`);
  }

  listeners(route: StreamRoute, stream: string): Iterable<Subscriber> {
    return this.#listeners.get(`${route} ${stream}`) ?? [];
  }

  /** `payload` is made only when someone listens. */
  publish(route: StreamRoute, stream: string, payload: () => unknown): void {
    const listeners = this.#listeners.get(`${route} ${stream}`);
    if (!listeners) return;
    const text = JSON.stringify(payload());
    for (const subscriber of listeners) subscriber.publish(stream, text);
  }
}
