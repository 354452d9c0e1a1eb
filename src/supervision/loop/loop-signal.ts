/** Shared memory between the event loop and its watch: the loop says that it turns and for whom, and costs a handler almost nothing. */

/** How often the loop beats, and how often the watch looks. */
export const BEAT_MS = 100;

/** Of an actor's path, so many bytes of UTF-8 are kept. */
const PATH_BYTES = 256;
/** Paths are few and stable; more than this would be a leak elsewhere, and is not made worse here. */
const PATHS_REMEMBERED = 4_096;
/** A look that comes this much too late says that the watch did not run either: a stopped process, a starved machine. */
const LATE_LOOK_MS = 3 * BEAT_MS;

const BEATS = 0;
const LENGTH = 1;
const WITHHELD = 2;
const WORDS = 3;

export class LoopSignal {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #text: Uint8Array;
  readonly #encoder = new TextEncoder();
  readonly #encoded = new Map<string, Uint8Array>();

  constructor(buffer = new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT + PATH_BYTES)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer, 0, WORDS);
    this.#text = new Uint8Array(buffer, WORDS * Int32Array.BYTES_PER_ELEMENT, PATH_BYTES);
  }

  beat(): void {
    Atomics.add(this.#words, BEATS, 1);
  }

  /** Rises as long as the loop turns. */
  get beats(): number {
    return Atomics.load(this.#words, BEATS);
  }

  /** The length goes last and comes first: a reader never takes half a path for a whole one. */
  enter(path: string): void {
    const bytes = this.#bytesOf(path);
    this.leave();
    this.#text.set(bytes);
    Atomics.store(this.#words, LENGTH, bytes.length);
  }

  leave(): void {
    Atomics.store(this.#words, LENGTH, 0);
  }

  /** Whose turn it is; null: nobody's. */
  get occupant(): string | null {
    const length = Atomics.load(this.#words, LENGTH);
    // A decoder does not read shared memory: it is given a copy.
    return length === 0 ? null : new TextDecoder().decode(this.#text.slice(0, length));
  }

  /** Whether the system's watchdog is kept waiting for a reason other than the loop (ruling 29). */
  get withheld(): boolean {
    return Atomics.load(this.#words, WITHHELD) === 1;
  }

  set withheld(value: boolean) {
    Atomics.store(this.#words, WITHHELD, value ? 1 : 0);
  }

  #bytesOf(path: string): Uint8Array {
    const known = this.#encoded.get(path);
    if (known !== undefined) return known;
    const whole = new Uint8Array(PATH_BYTES);
    // Cuts between characters, never within one.
    const bytes = whole.subarray(0, this.#encoder.encodeInto(path, whole).written);
    if (this.#encoded.size < PATHS_REMEMBERED) this.#encoded.set(path, bytes);
    return bytes;
  }
}

/** How long the loop has been silent, counted only while the watch itself ran. */
export class Silence {
  #beats: number;
  #lookedAt: number;
  #silentMs = 0;

  constructor(beats: number, now: number) {
    this.#beats = beats;
    this.#lookedAt = now;
  }

  /** Takes a look at `now` (monotonic ms) and returns the silence up to it. */
  look(beats: number, now: number): number {
    const elapsed = Math.min(now - this.#lookedAt, LATE_LOOK_MS);
    this.#silentMs = beats === this.#beats ? this.#silentMs + elapsed : 0;
    this.#beats = beats;
    this.#lookedAt = now;
    return this.#silentMs;
  }
}
