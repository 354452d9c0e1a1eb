/** The journal as ten lines of memory: what random batches must lead to, decided by something too simple to be wrong. */
import fc from 'fast-check';
import type { NewEntry } from '../../src/persistence/port.ts';

/** How one entry of a random batch relates to what its entity already has. */
type Relation = 'next' | 'repeat' | 'altered' | 'gap';

interface Step {
  readonly entity: string;
  readonly relation: Relation;
  readonly payload: unknown;
}

const step: fc.Arbitrary<Step> = fc.record({
  entity: fc.constantFrom('symbol/币安人生USDT', 'symbol/GPSUSDT', 'trading-state', '🙂'),
  relation: fc.oneof({ weight: 8, arbitrary: fc.constant<Relation>('next') }, fc.constantFrom<Relation>('repeat', 'altered', 'gap')),
  payload: fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown),
});

/** A sequence of batches, each of entries over several entities. */
export const scriptOfBatches = fc.array(fc.array(step, { maxLength: 5 }), { maxLength: 12 });

/** What the journal holds. */
export class JournalModel {
  readonly prefix: string;
  #entries = new Map<string, NewEntry[]>();

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /** A batch whose entries relate as the steps say to the model as it is now. */
  batchOf(steps: readonly Step[]): NewEntry[] {
    const added = new Map<string, number>();
    return steps.map(({ entity: name, relation, payload }) => {
      const entity = this.prefix + name;
      const stored = this.read(entity);
      const count = stored.length + (added.get(entity) ?? 0);
      const repeated = stored.at(-1);
      if (repeated !== undefined && relation === 'repeat') return repeated;
      if (repeated !== undefined && relation === 'altered') return { ...repeated, type: `${repeated.type}Altered` };
      added.set(entity, (added.get(entity) ?? 0) + 1);
      return { entity, sequence: relation === 'gap' ? count + 2 : count + 1, type: 'OrderAcked', version: 1, at: count, payload };
    });
  }

  /** Whether the batch is taken; all of it or nothing. */
  append(batch: readonly NewEntry[]): boolean {
    const next = new Map([...this.#entries].map(([entity, entries]) => [entity, [...entries]]));
    for (const entry of batch) {
      const entries = next.get(entry.entity) ?? [];
      if (entry.sequence === entries.length + 1) next.set(entry.entity, [...entries, entry]);
      else if (JSON.stringify(entries[entry.sequence - 1]) !== JSON.stringify(entry)) return false;
    }
    this.#entries = next;
    return true;
  }

  entities(): string[] {
    return [...this.#entries.keys()];
  }

  read(entity: string): readonly NewEntry[] {
    return this.#entries.get(entity) ?? [];
  }
}
