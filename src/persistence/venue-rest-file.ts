/** `<data-dir>/venue-rest`: until when the venue wants rest. A process that is started again must not hammer a venue that has banned it. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf } from '../protocol/errors.ts';
import type { VenueRest, VenueRestFile } from './port.ts';

const fileSchema = z.strictObject({ venue: z.string(), until: z.number(), banned: z.boolean(), message: z.string(), saidAt: z.number().optional() });

/** The venue bans for three days at most. What is further away, or than the venue wanted it, was written by another clock. */
const LONGEST_MS = 3 * 86_400_000;

export interface VenueRestFileOptions {
  readonly path: string;
  /** A rest that another venue wanted says nothing of this one. */
  readonly venue: string;
  readonly now: () => number;
  /** It cannot be read or written: the venue says it again, at a price. Neither keeps the service from running. */
  readonly onFailure: (reason: string) => void;
}

export function venueRestFile({ path, venue, now, onFailure }: VenueRestFileOptions): VenueRestFile {
  return {
    read(): VenueRest | undefined {
      try {
        const { venue: of, saidAt = -Infinity, ...rest } = fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
        return of === venue ? { ...rest, until: Math.min(rest.until, now() + Math.min(rest.until - saidAt, LONGEST_MS)) } : undefined;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onFailure(`${path} cannot be read, and what rest the venue wanted is not known: ${messageOf(error)}`);
        return undefined;
      }
    },
    write(rest) {
      try {
        const next = `${path}.next`;
        writeFileSync(next, `${JSON.stringify({ venue, until: rest.until, banned: rest.banned, message: rest.message, saidAt: now() })}\n`, { mode: 0o600 });
        // Not synced: a process that ends loses nothing by it, and a slow disk must not hold an exit.
        renameSync(next, path);
      } catch (error) {
        onFailure(`${path} cannot be written, and a process that is started again will not know of the rest the venue wants: ${messageOf(error)}`);
      }
    },
  };
}
