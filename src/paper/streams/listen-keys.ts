/** Listen keys: 60 minutes each unless extended, one active key an account, alphanumeric because a client library splits at underscores. */
import { systemRandom, randomText } from '../../supervision/random.ts';
import { VenueError } from '../core/venue-error.ts';
import type { ListenKey, Store } from '../store/store.ts';

const LISTEN_KEY_LIFE_MS = 3_600_000;
const KEY_LENGTH = 64;
const KEY_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export class ListenKeys {
  readonly #store: Store;
  readonly #keys: Map<string, ListenKey>;

  constructor(store: Store, saved: readonly ListenKey[]) {
    this.#store = store;
    this.#keys = new Map(saved.map((key) => [key.key, key]));
  }

  /** The account's active key, extended, or a new one. */
  open(apiKey: string, now: number): string {
    const active = this.#ofAccount(apiKey, now);
    const key = active?.key ?? randomText(systemRandom, KEY_LENGTH, KEY_ALPHABET);
    this.#keep({ key, apiKey, expiresAt: now + LISTEN_KEY_LIFE_MS });
    return key;
  }

  /** @throws VenueError −1125 without an active key. */
  extend(apiKey: string, now: number): string {
    const active = this.#ofAccount(apiKey, now);
    if (!active) throw new VenueError('BAD_LISTEN_KEY');
    this.#keep({ ...active, expiresAt: now + LISTEN_KEY_LIFE_MS });
    return active.key;
  }

  /** Closes the account's key; closing none is no error. */
  close(apiKey: string): void {
    for (const { key } of [...this.#keys.values()].filter((held) => held.apiKey === apiKey)) this.#drop(key);
  }

  /** Removes what has run out and says which. */
  expire(now: number): string[] {
    const gone = [...this.#keys.values()].filter((key) => key.expiresAt <= now).map(({ key }) => key);
    for (const key of gone) this.#drop(key);
    return gone;
  }

  /** The active key of an account, or undefined. */
  keyOf(apiKey: string, now: number): string | undefined {
    return this.#ofAccount(apiKey, now)?.key;
  }

  #ofAccount(apiKey: string, now: number): ListenKey | undefined {
    return [...this.#keys.values()].find((key) => key.apiKey === apiKey && key.expiresAt > now);
  }

  #keep(key: ListenKey): void {
    this.#store.saveListenKey(key);
    this.#keys.set(key.key, key);
  }

  #drop(key: string): void {
    this.#store.removeListenKey(key);
    this.#keys.delete(key);
  }
}
