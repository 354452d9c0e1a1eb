/** What is known of each entity without reading it: so that a question about a few types does not read the weeks of everything else. */

interface Marks {
  readonly types: Set<string>;
  /** Wall time of the writer, ms: the latest there was, and not that of the last entry, for clocks are set back. */
  newest: number;
}

export class EntityMarks {
  readonly #entities = new Map<string, Marks>();

  note({ entity, type, at }: { readonly entity: string; readonly type: string; readonly at: number }): void {
    const known = this.#entities.get(entity);
    if (known === undefined) return void this.#entities.set(entity, { types: new Set([type]), newest: at });
    known.types.add(type);
    known.newest = Math.max(known.newest, at);
  }

  /** Outside these none has an entry of one of the types from `since` on. What has been let go of counts, too. */
  mayHold(types: readonly string[], since: number): string[] {
    return [...this.#entities].filter(([, { types: had, newest }]) => newest >= since && types.some((type) => had.has(type))).map(([entity]) => entity);
  }
}
