/** The price process of one synthetic symbol: its share of what moves all, noise and jumps of its own, a drift that turns over hours, a weak pull home, and a premium over the index that wanders and comes back. */
import { z } from 'zod';
import { SeededRandom } from '../../supervision/random.ts';
import { bell, wander } from './chance.ts';
import { Noise, noiseSchema, seededNoise } from './noise.ts';

/** Standard deviation of a one-minute return of the symbol's own; with what moves all about 0.0005. Stops are 2 % away: some forty of these. */
const MINUTE_NOISE = 0.0004;
const JUMPS_A_DAY = 3;
/** Drift per minute: its own standard deviation, and the share of it that is forgotten each minute (half in 8 h). Gives days of about ± 4 %. */
const DRIFT_DEVIATION = 0.000037;
const DRIFT_DECAY = 0.00144;
/** Share of the way back to the base price a minute (half in 10 days). */
const PULL_HOME = 0.000048;
/** Premium of mark over index: its deviation, and the share forgotten each minute (half in two hours). Beyond ± 0.05 % for hours often enough that funding is not the interest rate for ever. */
const PREMIUM_DEVIATION = 0.0008;
const PREMIUM_DECAY = 0.0058;
const LARGEST_PREMIUM = 0.004;
/** Last price around mark price (half in 30 seconds). */
const BASIS_DEVIATION = 0.0001;
const BASIS_DECAY = 1.386;

/** How a symbol moves: left out, as most do. */
export interface Temper {
  /** Its share of what moves all symbols. */
  readonly beta: number;
  /** Size of all that is its own. */
  readonly volatility: number;
}

/** States saved before there were spells, jumps or premiums go on with mark, index and last together. */
export const walkSchema = noiseSchema.extend({
  price: z.number().positive(),
  drift: z.number(),
  premium: z.number().default(0),
  basis: z.number().default(0),
  basisChance: z.int().default(3),
});
export type WalkState = z.infer<typeof walkSchema>;

export class Walk {
  readonly #base: number;
  readonly #temper: Temper;
  readonly #noise: Noise;
  /** Of premium and basis, apart from the others. */
  readonly #bases: SeededRandom;
  #mark: number;
  #drift: number;
  #premium: number;
  #basis: number;

  constructor(base: number, temper: Temper, state: WalkState) {
    this.#base = base;
    this.#temper = temper;
    this.#noise = new Noise({ deviation: MINUTE_NOISE * temper.volatility, jumpsADay: JUMPS_A_DAY, jumpScale: temper.volatility }, state);
    this.#bases = new SeededRandom(state.basisChance);
    this.#mark = state.price;
    this.#drift = state.drift;
    this.#premium = state.premium;
    this.#basis = state.basis;
  }

  static seeded(base: number, temper: Temper, seed: number): Walk {
    const random = new SeededRandom(seed);
    const drift = bell(random) * DRIFT_DEVIATION * temper.volatility;
    const bases = new SeededRandom(seed ^ 0x7f4a7c15);
    const premium = bell(bases) * PREMIUM_DEVIATION;
    return new Walk(base, temper, { ...seededNoise(seed), chance: random.state, price: base, drift, premium, basis: 0, basisChance: bases.state });
  }

  /** Its source of chance, for whatever else belongs to a tick. */
  get random(): SeededRandom {
    return this.#noise.random;
  }

  get mark(): number {
    return this.#mark;
  }

  get index(): number {
    return this.#mark / (1 + this.#premium);
  }

  /** Of mark over index: 0.001 is 0.1 %. */
  get premium(): number {
    return this.#premium;
  }

  get last(): number {
    return this.#mark * (1 + this.#basis);
  }

  /** Goes on from another price, with last, mark and index together. */
  moveTo(price: number): void {
    this.#mark = price;
    this.#premium = 0;
    this.#basis = 0;
  }

  /** @param common what moved all symbols in these `minutes`. */
  step(minutes: number, common: number): void {
    const { beta, volatility } = this.#temper;
    this.#drift = wander(this.#drift, DRIFT_DEVIATION * volatility, DRIFT_DECAY, minutes, this.#noise.random);
    const pull = PULL_HOME * (1 - this.#mark / this.#base);
    this.#mark *= 1 + (this.#drift + pull) * minutes + beta * common + this.#noise.step(minutes);
    const premium = wander(this.#premium, PREMIUM_DEVIATION, PREMIUM_DECAY, minutes, this.#bases);
    this.#premium = Math.min(LARGEST_PREMIUM, Math.max(-LARGEST_PREMIUM, premium));
    this.#basis = wander(this.#basis, BASIS_DEVIATION, BASIS_DECAY, minutes, this.#bases);
  }

  save(): WalkState {
    return { ...this.#noise.save(), price: this.#mark, drift: this.#drift, premium: this.#premium, basis: this.#basis, basisChance: this.#bases.state };
  }
}
