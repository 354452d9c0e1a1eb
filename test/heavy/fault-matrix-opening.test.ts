/** The fault matrix, first part: what can become of an entry. */
import { OPENING } from '../kit/fault-cells/opening.ts';
import { describeMatrix } from '../kit/fault-matrix.ts';
import { useSandbox } from '../kit/service.ts';

const box = useSandbox();
describeMatrix('fault matrix: openings', () => box, OPENING);
