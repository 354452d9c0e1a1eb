/** The fault matrix, sixth part: a stop that is gone from the venue without a word stands again within the bound, or what it protected is closed. */
import { DISAPPEARED } from '../kit/fault-cells/protection.ts';
import { describeMatrix } from '../kit/fault-matrix.ts';
import { useSandbox } from '../kit/service.ts';

const box = useSandbox();
describeMatrix('fault matrix: stops that disappear', () => box, DISAPPEARED);
