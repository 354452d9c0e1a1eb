/** What tests of the Redis journal share: a journal on a server, with what it said; and short bounds, so that a silence is known soon. */
import { join } from 'node:path';
import type { Journal, NewEntry } from '../../../src/persistence/port.ts';
import type { RedisJournal } from '../../../src/persistence/redis/journal.ts';
import { openRedisJournal } from '../../../src/persistence/redis/open.ts';
import type { RedisJournalOptions } from '../../../src/persistence/redis/open.ts';
import type { VigilError } from '../../../src/protocol/errors.ts';
import type { Finding } from '../../../src/protocol/findings.ts';
import { systemClock } from '../../../src/supervision/clock.ts';
import { systemRandom } from '../../../src/supervision/random.ts';
import { temporaryDirectory } from '../temporary.ts';

/** What a journal said, and how it is opened. */
export class RedisStage {
  readonly findings: Finding[] = [];
  readonly warnings: string[] = [];
  readonly ended: VigilError[] = [];
  readonly #opened: Journal[] = [];
  #file = join(temporaryDirectory(), 'journal-redis');

  get file(): string {
    return this.#file;
  }

  /** As on another machine, or with the data directory lost. */
  forget(): void {
    this.#file = join(temporaryDirectory(), 'journal-redis');
  }

  async open(url: string, more: Partial<RedisJournalOptions> = {}): Promise<RedisJournal> {
    const journal = await openRedisJournal({
      url,
      prefix: 'quantum:',
      instance: 't',
      file: this.#file,
      clock: systemClock,
      random: systemRandom,
      // Of a local server, and no test waits for them but where it says so: a loaded machine needs seconds for what takes one millisecond.
      bounds: { connectMs: 4_000, callMs: 4_000 },
      onFinding: (finding) => this.findings.push(finding),
      onWarning: (warning) => this.warnings.push(warning),
      onEnded: (error) => this.ended.push(error),
      ...more,
    });
    this.#opened.push(journal);
    return journal;
  }

  /** Closes what was opened. */
  async close(): Promise<void> {
    await Promise.all(this.#opened.splice(0).map((journal) => journal.close()));
  }
}

/** An entry nobody waits for a replica with. */
export function noted(entity: string, sequence: number, payload: unknown = { sequence }): NewEntry {
  return { entity, sequence, type: 'Noted', version: 1, at: 1_770_000_000_000, payload };
}

export function sending(entity: string, sequence: number, purpose = 'entry'): NewEntry {
  return { ...noted(entity, sequence, { sequence, purpose }), type: 'OrderSending' };
}

/** Waits until an append is taken; an empty batch asks whether the store is there. */
export async function untilUp(journal: Journal, forMs = 10_000): Promise<void> {
  const deadline = Date.now() + forMs;
  for (;;) {
    try {
      return await journal.append([]);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** The sequences of an entity as they are stored: each once, in order, with positions that rise by themselves. */
export async function sequencesOf(journal: Journal, entity: string): Promise<number[]> {
  return (await journal.read(entity)).map((stored) => stored.sequence);
}
