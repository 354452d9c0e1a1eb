/** The fault matrix, fourth part: the venue's clock goes another way than ours. */
import { CLOCK } from '../kit/fault-cells/clock.ts';
import { describeMatrix } from '../kit/fault-matrix.ts';
import { useSandbox } from '../kit/service.ts';

const box = useSandbox();
// The account is asked often: what the venue says of our time is known soon, and so is that both clocks are one again.
describeMatrix('fault matrix: the venue\'s clock', () => box, CLOCK, { sets: ['account.pollMs=1000'] });
