/** Four characters that mark this instance's orders on the venue, made at the first start and kept with its data (ruling 26). */
import { existsSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VigilError } from '../protocol/errors.ts';
import { TAG_ALPHABET, TAG_LENGTH } from '../rules/client-ids.ts';
import { randomText } from '../supervision/random.ts';
import type { Random } from '../supervision/random.ts';

/** @throws VigilError when the file holds no tag, or the directory is a copy of one that is still at its place. */
export function instanceTag(dataDir: string, random: Random): string {
  const file = tagFileOf(dataDir);
  if (!existsSync(file)) writeFileSync(file, `${randomText(random, TAG_LENGTH, TAG_ALPHABET)}\n`, { mode: 0o600, flush: true });
  const tag = readFileSync(file, 'utf8').trim();
  if (tag.length !== TAG_LENGTH || !/^[a-z0-9]+$/.test(tag)) throw new VigilError('JOURNAL_CORRUPT', `${file} holds ${JSON.stringify(tag)}, not ${TAG_LENGTH} characters of a-z, 0-9; the ids of this instance's open orders show the tag after their first ten characters`);
  refuseCopy(dataDir, tag);
  return tag;
}

/**
 * A copy has the tag, too, and makes the same ids of the same decisions: beside its original it would send each order twice, and
 * neither would know. The directory remembers where it is; one that was moved, or put back from a backup, goes on.
 */
function refuseCopy(dataDir: string, tag: string): void {
  const file = join(dataDir, 'instance-home');
  const here = realpathSync(dataDir);
  const home = existsSync(file) ? readFileSync(file, 'utf8').trim() : here;
  if (home !== here && holdsTag(home, tag) && !sameDirectory(home, here)) {
    throw new VigilError('DATA_DIR_COPIED', `${here} is a copy of ${home}, and the orders of both are marked ${tag}`, { details: { dataDir: here, original: home, tag } });
  }
  if (home !== here || !existsSync(file)) writeFileSync(file, `${here}\n`, { mode: 0o600, flush: true });
}

function holdsTag(directory: string, tag: string): boolean {
  try {
    return readFileSync(tagFileOf(directory), 'utf8').trim() === tag;
  } catch {
    // Gone, or somebody else's: nothing that could trade beside this one as this user.
    return false;
  }
}

/** One directory may be reached by two paths. */
function sameDirectory(one: string, other: string): boolean {
  const [a, b] = [statSync(one), statSync(other)];
  return a.dev === b.dev && a.ino === b.ino;
}

function tagFileOf(dataDir: string): string {
  return join(dataDir, 'instance-tag');
}
