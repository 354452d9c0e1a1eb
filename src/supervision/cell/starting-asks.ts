/** Who waits for whom while starting: an asker that would wait for itself learns it at once instead of by its timeout (H34). */

export class StartingAsks {
  readonly #waits = new Map<string, Map<string, number>>();

  /** The way from `to` back to `from`, if `to` (through others) already waits for `from`. */
  cycle(from: string, to: string): readonly string[] | undefined {
    const seen = new Set<string>();
    const search = (at: string): readonly string[] | undefined => {
      if (at === from) return [at];
      if (seen.has(at)) return undefined;
      seen.add(at);
      for (const next of this.#waits.get(at)?.keys() ?? []) {
        const rest = search(next);
        if (rest !== undefined) return [at, ...rest];
      }
      return undefined;
    };
    const way = search(to);
    return way === undefined ? undefined : [from, ...way];
  }

  begin(from: string, to: string): void {
    const targets = this.#waits.getOrInsertComputed(from, () => new Map<string, number>());
    targets.set(to, (targets.get(to) ?? 0) + 1);
  }

  end(from: string, to: string): void {
    const targets = this.#waits.get(from);
    const left = (targets?.get(to) ?? 1) - 1;
    if (left > 0) targets?.set(to, left);
    else targets?.delete(to);
    if (targets?.size === 0) this.#waits.delete(from);
  }
}
