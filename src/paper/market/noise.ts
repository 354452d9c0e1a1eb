/** Returns that come in calm and restless spells, with rare jumps that leave restlessness behind. */
import { z } from 'zod';
import { SeededRandom } from '../../supervision/random.ts';
import { bell, jump, wander } from './chance.ts';

/** How far the noise strays from its usual size, the share of that which is forgotten each minute (half in 23 minutes), and its bounds. */
const MOOD_DEVIATION = 0.5;
const MOOD_DECAY = 0.03;
const CALMEST = 0.4;
const WILDEST = 2.5;
/** A jump of this size makes the noise afterwards larger by its usual size; no jump more than twice that. */
const SHOCK = 0.004;
const LARGEST_SHOCK = 2;

/** What is left out is of a state saved before there were spells or jumps: it goes on in a usual mood. */
export const noiseSchema = z.object({ chance: z.int(), mood: z.number().default(0), moodChance: z.int().default(1), jumpChance: z.int().default(2) });
export type NoiseState = z.infer<typeof noiseSchema>;

export interface NoiseSize {
  /** Of a one-minute return in a usual mood. */
  readonly deviation: number;
  readonly jumpsADay: number;
  /** Of jumps, against the usual. */
  readonly jumpScale: number;
}

/** A beginning in a usual mood. */
export function seededNoise(seed: number): NoiseState {
  return { chance: seed >>> 0, mood: 0, moodChance: (seed ^ 0x3c6ef372) >>> 0, jumpChance: (seed ^ 0x1b56c4e9) >>> 0 };
}

export class Noise {
  readonly #size: NoiseSize;
  /** For whatever else belongs to a step, too. */
  readonly random: SeededRandom;
  /** Apart from the other source, so that spells and jumps change only how large the noise is. */
  readonly #moods: SeededRandom;
  readonly #jumps: SeededRandom;
  /** 0: the noise is as large as usual; 1: twice as large. */
  #mood: number;

  constructor(size: NoiseSize, { chance, mood, moodChance, jumpChance }: NoiseState) {
    this.#size = size;
    this.random = new SeededRandom(chance);
    this.#moods = new SeededRandom(moodChance);
    this.#jumps = new SeededRandom(jumpChance);
    this.#mood = mood;
  }

  /** The return of the next `minutes`. */
  step(minutes: number): number {
    const { deviation, jumpsADay, jumpScale } = this.#size;
    const jumped = jump(this.#jumps, jumpsADay, minutes) * jumpScale;
    this.#mood = wander(this.#mood, MOOD_DEVIATION, MOOD_DECAY, minutes, this.#moods) + Math.min(LARGEST_SHOCK, Math.abs(jumped) / SHOCK);
    const size = deviation * Math.min(WILDEST, Math.max(CALMEST, 1 + this.#mood));
    return bell(this.random) * size * Math.sqrt(minutes) + jumped;
  }

  save(): NoiseState {
    return { chance: this.random.state, mood: this.#mood, moodChance: this.#moods.state, jumpChance: this.#jumps.state };
  }
}
