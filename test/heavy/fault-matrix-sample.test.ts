/** A sample of the whole fault matrix, drawn by a seed, on what it does not stand on otherwise: the journal in Redis, and the venue's own limits in force. */
import { SeededRandom } from '../../src/supervision/random.ts';
import type { FaultCase } from '../kit/fault-case.ts';
import { MATRIX } from '../kit/fault-cells/all.ts';
import { describeMatrix } from '../kit/fault-matrix.ts';
import { describeWithRedis } from '../kit/redis.ts';
import { useSandbox } from '../kit/service.ts';

const SEED = Number(process.env['VIGIL_SEED'] ?? 20_261_122);
const CASES = 14;

/** Without those that go alone, and those that wait long. */
function sampleOf(seed: number): readonly FaultCase[] {
  const random = new SeededRandom(seed);
  const quick = MATRIX.filter((one) => one.alone !== true && one.atStart !== true && one.healAfterMs === undefined && one.quietMs === undefined && one.nakedMs === undefined);
  return quick.map((one) => ({ one, drawn: random.next() })).toSorted((a, b) => a.drawn - b.drawn).slice(0, CASES).map(({ one }) => one);
}

const box = useSandbox();
describeWithRedis(`fault matrix with the journal in Redis, seed ${SEED}`, () => describeMatrix(`${CASES} cases`, () => box, sampleOf(SEED), { engine: 'redis' }));
describeMatrix(`fault matrix within the venue's limits, ${CASES} cases, seed ${SEED}`, () => box, sampleOf(SEED + 1), { limits: true });
