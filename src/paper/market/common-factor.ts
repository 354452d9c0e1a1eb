/** What moves every symbol at once, each by its beta: the reason why a portfolio of many symbols is less spread than it looks. */
import { z } from 'zod';
import { wander } from './chance.ts';
import { Noise, noiseSchema, seededNoise, type NoiseSize } from './noise.ts';

/** Three fifths of a usual symbol's deviation: two symbols of beta 1 share about a third of their variance. */
const SIZE: NoiseSize = { deviation: 0.0003, jumpsADay: 1, jumpScale: 1 };
/** As of a single symbol, and smaller. */
const DRIFT_DEVIATION = 0.000016;
const DRIFT_DECAY = 0.00144;

export const commonSchema = z.object({ drift: z.number(), noise: noiseSchema });
export type CommonState = z.infer<typeof commonSchema>;

export class CommonFactor {
  readonly #noise: Noise;
  #drift: number;

  constructor({ drift, noise }: CommonState) {
    this.#drift = drift;
    this.#noise = new Noise(SIZE, noise);
  }

  static seeded(seed: number): CommonFactor {
    return new CommonFactor({ drift: 0, noise: seededNoise(seed) });
  }

  /** The return of the next `minutes` for a beta of 1. */
  step(minutes: number): number {
    this.#drift = wander(this.#drift, DRIFT_DEVIATION, DRIFT_DECAY, minutes, this.#noise.random);
    return this.#drift * minutes + this.#noise.step(minutes);
  }

  save(): CommonState {
    return { drift: this.#drift, noise: this.#noise.save() };
  }
}
