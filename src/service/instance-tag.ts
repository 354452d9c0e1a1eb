/** Four characters that mark this instance's orders on the venue, made at the first start and kept with its data (ruling 26). */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VigilError } from '../protocol/errors.ts';
import { TAG_ALPHABET, TAG_LENGTH } from '../rules/client-ids.ts';
import { randomText } from '../supervision/random.ts';
import type { Random } from '../supervision/random.ts';

/** @throws VigilError when the file holds no tag. */
export function instanceTag(dataDir: string, random: Random): string {
  const file = join(dataDir, 'instance-tag');
  if (!existsSync(file)) writeFileSync(file, `${randomText(random, TAG_LENGTH, TAG_ALPHABET)}\n`, { mode: 0o600, flush: true });
  const tag = readFileSync(file, 'utf8').trim();
  if (tag.length !== TAG_LENGTH || !/^[a-z0-9]+$/.test(tag)) throw new VigilError('JOURNAL_CORRUPT', `${file} holds ${JSON.stringify(tag)}, not ${TAG_LENGTH} characters of a-z, 0-9; the ids of this instance's open orders show the tag after their first ten characters`);
  return tag;
}
