/** The fault matrix, second part: what can become of stop, target, part and close, and of a symbol that is halted or delisted. */
import { LISTING } from '../kit/fault-cells/listing.ts';
import { CHANGED, CLOSED, PLACED } from '../kit/fault-cells/protection.ts';
import { describeMatrix } from '../kit/fault-matrix.ts';
import { useSandbox } from '../kit/service.ts';

const box = useSandbox();
describeMatrix('fault matrix: stop and target', () => box, PLACED);
describeMatrix('fault matrix: parts and moved stops', () => box, CHANGED);
describeMatrix('fault matrix: closes', () => box, CLOSED);
describeMatrix('fault matrix: symbols that are halted and delisted', () => box, LISTING);
