/** The fault matrix, third part: streams, settings and readings that fail. */
import { STREAMS } from '../kit/fault-cells/streams.ts';
import { describeMatrix } from '../kit/fault-matrix.ts';
import { useSandbox } from '../kit/service.ts';

const box = useSandbox();
describeMatrix('fault matrix: streams, settings and readings', () => box, STREAMS);
