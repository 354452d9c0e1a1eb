/** The price process of one synthetic symbol: noise that comes in calm and restless spells, a drift that turns over hours, and a weak pull home; the same on every machine, as it only adds, multiplies and takes square roots. */
import { z } from 'zod';
import { SeededRandom } from '../../supervision/random.ts';

/** Standard deviation of a one-minute return. Stops are 2 % away: some forty of these. */
const MINUTE_NOISE = 0.0005;
/** Drift per minute: its own standard deviation, and the share of it that is forgotten each minute (half in 8 h). Gives days of about ± 4 %. */
const DRIFT_DEVIATION = 0.000037;
const DRIFT_DECAY = 0.00144;
/** Share of the way back to the base price a minute (half in 10 days). */
const PULL_HOME = 0.000048;

/** How far the noise strays from its usual size, the share of that which is forgotten each minute (half in 23 minutes), and its bounds. */
const MOOD_DEVIATION = 0.5;
const MOOD_DECAY = 0.03;
const CALMEST = 0.4;
const WILDEST = 2.5;

/** States saved before there were spells go on in a usual mood. */
export const walkSchema = z.object({ price: z.number().positive(), drift: z.number(), chance: z.int(), mood: z.number().default(0), moodChance: z.int().default(1) });
export type WalkState = z.infer<typeof walkSchema>;

/** About normal, mean 0, deviation 1, never beyond ± 3.5: four even draws. */
function bell(random: SeededRandom): number {
  return (random.next() + random.next() + random.next() + random.next() - 2) * Math.sqrt(3);
}

export class Walk {
  readonly #base: number;
  #random: SeededRandom;
  /** Apart from the other source, so that spells change only how large the noise is. */
  #moods: SeededRandom;
  #price: number;
  #drift: number;
  /** 0: the noise is as large as usual; 1: twice as large. */
  #mood = 0;

  constructor(base: number, seed: number) {
    this.#base = base;
    this.#price = base;
    this.#random = new SeededRandom(seed);
    this.#moods = new SeededRandom(seed ^ 0x3c6ef372);
    this.#drift = bell(this.#random) * DRIFT_DEVIATION;
  }

  /** Its source of chance, for whatever else belongs to a tick. */
  get random(): SeededRandom {
    return this.#random;
  }

  get price(): number {
    return this.#price;
  }

  /** Goes on from another price. */
  moveTo(price: number): void {
    this.#price = price;
  }

  /** The price after `minutes` more. */
  step(minutes: number): number {
    const renewal = Math.sqrt(2 * DRIFT_DECAY * minutes) * DRIFT_DEVIATION;
    this.#drift += bell(this.#random) * renewal - this.#drift * DRIFT_DECAY * minutes;
    this.#mood += bell(this.#moods) * Math.sqrt(2 * MOOD_DECAY * minutes) * MOOD_DEVIATION - this.#mood * MOOD_DECAY * minutes;
    const noise = MINUTE_NOISE * Math.min(WILDEST, Math.max(CALMEST, 1 + this.#mood));
    const pull = PULL_HOME * (1 - this.#price / this.#base);
    this.#price *= 1 + (this.#drift + pull) * minutes + bell(this.#random) * noise * Math.sqrt(minutes);
    return this.#price;
  }

  save(): WalkState {
    return { price: this.#price, drift: this.#drift, chance: this.#random.state, mood: this.#mood, moodChance: this.#moods.state };
  }

  /** Goes on exactly where `save` was called. */
  static resume(base: number, saved: WalkState): Walk {
    const resumed = new Walk(base, saved.chance);
    resumed.#random = new SeededRandom(saved.chance);
    resumed.#price = saved.price;
    resumed.#drift = saved.drift;
    resumed.#mood = saved.mood;
    resumed.#moods = new SeededRandom(saved.moodChance);
    return resumed;
  }
}
