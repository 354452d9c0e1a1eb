/** Tiers: at which R which part of a position is closed, each once (pipeline facts, 6). */
import type { Decimal } from '../../protocol/decimal.ts';
import { decimal } from '../../protocol/decimal.ts';

export interface Tier {
  /** Its R as it is written: the name under which it is done once. */
  readonly name: string;
  readonly r: Decimal;
  /** Of the most that was held. */
  readonly percent: string;
}

/** Reads `R:PERCENT`, lowest R first. @throws RangeError for anything else; the configuration has checked it. */
export function readTiers(texts: readonly string[]): readonly Tier[] {
  return texts
    .map((text): Tier => {
      const [name = '', percent = ''] = text.split(':');
      return { name, r: decimal(name), percent: decimal(percent).toFixed() };
    })
    .toSorted((a, b) => a.r.comparedTo(b.r) ?? 0);
}

/** The lowest tier not yet taken: of several that a jump has reached, one after the other. */
export function nextTier(tiers: readonly Tier[], done: readonly string[]): Tier | undefined {
  return tiers.find((tier) => !done.includes(tier.name));
}

/** Tiers that the target closes before they are reached: a warning at the start (ruling 21). */
export function tiersBeyond(tiers: readonly Tier[], targetR: Decimal): readonly Tier[] {
  return tiers.filter((tier) => tier.r.isGreaterThan(targetR));
}
