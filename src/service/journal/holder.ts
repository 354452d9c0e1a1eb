/** Tells two processes apart that write the same journal, whatever their pids. */
import { randomText } from '../../supervision/random.ts';
import type { Random } from '../../supervision/random.ts';

const LENGTH = 16;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

export function newHolder(random: Random): string {
  return randomText(random, LENGTH, ALPHABET);
}
