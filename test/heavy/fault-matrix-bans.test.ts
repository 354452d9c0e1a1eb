/** The fault matrix, fifth part: the venue wants rest, or bans us. */
import { BANS } from '../kit/fault-cells/bans.ts';
import { describeMatrix } from '../kit/fault-matrix.ts';
import { useSandbox } from '../kit/service.ts';

const box = useSandbox();
describeMatrix('fault matrix: rest and bans', () => box, BANS);
