/** The whole fault matrix. */
import type { FaultCase } from '../fault-case.ts';
import { BANS } from './bans.ts';
import { CLOCK } from './clock.ts';
import { LISTING } from './listing.ts';
import { OPENING } from './opening.ts';
import { CHANGED, CLOSED, DISAPPEARED, PLACED } from './protection.ts';
import { STREAMS } from './streams.ts';

export const MATRIX: readonly FaultCase[] = [...OPENING, ...PLACED, ...CHANGED, ...CLOSED, ...DISAPPEARED, ...LISTING, ...STREAMS, ...CLOCK, ...BANS];
