/** Counts what passed and what was refused at each stage, in buckets of 10 s over 24 h: bounded, whatever comes in. */
import { STAGES } from '../protocol/decisions.ts';
import type { Decision, Stage } from '../protocol/decisions.ts';
import type { FunnelView } from '../protocol/read-models.ts';
import { isoTime } from '../supervision/clock.ts';

const BUCKET_MS = 10_000;
export const LONGEST_WINDOW_MS = 86_400_000;

interface StageCount {
  in: number;
  out: number;
  readonly refused: Map<string, number>;
  lastAt: number;
}
interface Bucket {
  /** Number of the bucket since 1970. */
  readonly index: number;
  readonly stages: Map<Stage, StageCount>;
}

export class FunnelCounts {
  /** Oldest first; at most one for each 10 s of the longest window. */
  #buckets: Bucket[] = [];

  get buckets(): number {
    return this.#buckets.length;
  }

  /** `decision.at` outside the last 24 h or in the future is counted at the nearest end: other clocks lead and lag a little. */
  add(decision: Pick<Decision, 'stage' | 'outcome' | 'at'>, now: number, times = 1): void {
    if (!isStage(decision.stage)) return;
    const at = Math.min(Math.max(decision.at, now - LONGEST_WINDOW_MS), now);
    const stage = this.#bucket(Math.floor(at / BUCKET_MS)).stages.getOrInsertComputed(decision.stage, empty);
    stage.in += times;
    if (decision.outcome === 'passed') stage.out += times;
    else stage.refused.set(decision.outcome, (stage.refused.get(decision.outcome) ?? 0) + times);
    stage.lastAt = Math.max(stage.lastAt, at);
    this.#forget(now);
  }

  /** The last `windowMs` before `now`, to the bucket: up to 10 s more at its older end. */
  view(windowMs: number, now: number): FunnelView {
    const window = Math.min(windowMs, LONGEST_WINDOW_MS);
    const totals = new Map(STAGES.map((stage) => [stage, empty()]));
    for (const bucket of this.#buckets) {
      if ((bucket.index + 1) * BUCKET_MS <= now - window) continue;
      for (const [stage, count] of bucket.stages) merge(totals.get(stage), count);
    }
    return {
      windowMs: window,
      stages: [...totals].map(([stage, count]) => ({ stage, in: count.in, out: count.out, refused: Object.fromEntries(count.refused), lastAt: count.in === 0 ? null : isoTime(count.lastAt) })),
    };
  }

  #bucket(index: number): Bucket {
    const place = this.#buckets.findLastIndex((one) => one.index <= index);
    const found = this.#buckets[place];
    if (found?.index === index) return found;
    const made: Bucket = { index, stages: new Map() };
    this.#buckets.splice(place + 1, 0, made);
    return made;
  }

  #forget(now: number): void {
    const oldest = Math.floor((now - LONGEST_WINDOW_MS) / BUCKET_MS);
    const keepFrom = this.#buckets.findIndex((one) => one.index >= oldest);
    if (keepFrom > 0) this.#buckets = this.#buckets.slice(keepFrom);
  }
}

/** What is done about open positions is no step towards one. */
function isStage(stage: string): stage is Stage {
  return (STAGES as readonly string[]).includes(stage);
}

function empty(): StageCount {
  return { in: 0, out: 0, refused: new Map(), lastAt: 0 };
}

function merge(total: StageCount | undefined, count: StageCount): void {
  if (total === undefined) return;
  total.in += count.in;
  total.out += count.out;
  total.lastAt = Math.max(total.lastAt, count.lastAt);
  for (const [code, refused] of count.refused) total.refused.set(code, (total.refused.get(code) ?? 0) + refused);
}
