/** Chance as prices need it, the same on every machine: nothing here but sums, products and square roots. */
import type { SeededRandom } from '../../supervision/random.ts';

/** About normal, mean 0, deviation 1, never beyond ± 3.5: four even draws. */
export function bell(random: SeededRandom): number {
  return (random.next() + random.next() + random.next() + random.next() - 2) * Math.sqrt(3);
}

/** One step of a value that wanders around zero: its own deviation, and the share of it that is forgotten each minute. */
export function wander(value: number, deviation: number, decay: number, minutes: number, random: SeededRandom): number {
  return value + bell(random) * Math.sqrt(2 * decay * minutes) * deviation - value * decay * minutes;
}

/** A jump is at least this large, a quarter of all are beyond twice that and one in a hundred at the largest: the tail of a power law, cut off where it would end every bot. */
const SMALLEST_JUMP = 0.002;
const LARGEST_JUMP = 0.02;
const DAY_MINUTES = 1_440;

/** The jump of this step as a return: almost always 0. */
export function jump(random: SeededRandom, jumpsADay: number, minutes: number): number {
  if (random.next() >= (jumpsADay * minutes) / DAY_MINUTES) return 0;
  const size = Math.min(LARGEST_JUMP, SMALLEST_JUMP / Math.sqrt(Math.max(random.next(), 1e-6)));
  return random.next() < 0.5 ? -size : size;
}
