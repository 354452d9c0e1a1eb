/** The one source of chance, so that a run can be repeated from its seed. */
import { randomFillSync } from 'node:crypto';

export interface Random {
  /** A number in [0, 1). */
  next(): number;
}

/** The operating system's chance. */
export const systemRandom: Random = {
  next() {
    const words = randomFillSync(new Uint32Array(2));
    return ((words[0]! >>> 5) * 67_108_864 + (words[1]! >>> 6)) / 9_007_199_254_740_992;
  },
};

/** Mulberry32 (Tommy Ettinger, public domain): small, fast, and the same on every machine. `state` can be saved and given back as a seed. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** The state to resume from: `new SeededRandom(r.state)` continues where `r` stands. */
  get state(): number {
    return this.#state >>> 0;
  }
}

/** `length` characters of `alphabet`, each drawn evenly. */
export function randomText(random: Random, length: number, alphabet: string): string {
  let text = '';
  for (let i = 0; i < length; i++) text += alphabet[Math.floor(random.next() * alphabet.length)];
  return text;
}
