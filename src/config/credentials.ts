/** Credentials from a file that nobody else can read, and never shown: not even in the message that the file is faulty. */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf, VigilError } from '../protocol/errors.ts';
import { throwFaults } from './faults.ts';
import { parseYaml } from './layer.ts';
import type { Config } from './schema.ts';

export interface Credentials {
  readonly apiKey: string;
  readonly apiSecret: string;
}

const credentialsSchema = z.strictObject({ apiKey: z.string().trim().min(1), apiSecret: z.string().trim().min(1) });

/** Bits that let others in, or make it a program. */
const UNSAFE_MODE = 0o177;

/**
 * Reads `{apiKey, apiSecret}` as YAML or JSON. `source` is where the path was given.
 * @throws VigilError CREDENTIALS_UNSAFE, CONFIG_UNREADABLE, CONFIG_INVALID
 */
export function readCredentials(path: string, source: string): Credentials {
  const { document, problems } = parseYaml(readPrivately(path, 'venue.credentialsFile'));
  if (problems.length > 0) throw new VigilError('CONFIG_UNREADABLE', `${path} is not YAML: ${problems.join('; ')}`, { details: { file: path } });
  const result = credentialsSchema.safeParse(document.toJS());
  if (result.success) return result.data;
  throwFaults([{ path: 'venue.credentialsFile', value: JSON.stringify(path), source, expected: 'a file with the texts apiKey and apiSecret, and nothing else' }]);
  throw result.error;
}

/** The keys in force. @throws VigilError CREDENTIALS_MISSING */
export function credentialsOf({ venue }: Config): Credentials {
  const { apiKey, apiSecret } = venue;
  if (apiKey === undefined || apiSecret === undefined) throw new VigilError('CREDENTIALS_MISSING', `venue.mode is ${venue.mode}, and neither the environment nor venue.credentialsFile has keys for it`);
  return { apiKey, apiSecret };
}

/** The file that was checked is the file that is read: both through one descriptor. `setting` names it. @throws VigilError CREDENTIALS_UNSAFE, CONFIG_UNREADABLE */
export function readPrivately(path: string, setting: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw new VigilError('CONFIG_UNREADABLE', `${setting} ${path} cannot be read: ${messageOf(error)}`, { cause: error, details: { file: path } });
  }
  try {
    const stat = fstatSync(descriptor);
    const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
    if (!stat.isFile()) throw unsafe(setting, path, 'is not a file');
    if (stat.uid !== process.getuid?.()) throw unsafe(setting, path, `belongs to user ${stat.uid}, not to ${process.getuid?.() ?? 'us'}`);
    if ((stat.mode & UNSAFE_MODE) !== 0) throw unsafe(setting, path, `has mode ${mode}, not 0600 or stricter`);
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

function unsafe(setting: string, path: string, why: string): VigilError {
  return new VigilError('CREDENTIALS_UNSAFE', `${setting} ${path} ${why}`, { details: { path } });
}
