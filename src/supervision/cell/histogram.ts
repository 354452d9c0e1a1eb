/** Durations counted in buckets a quarter of an octave wide: half a kilobyte, however many are added; off by at most a quarter. */

const BUCKETS = 128;

/** Milliseconds. */
export interface Distribution {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS);
  #count = 0;
  #maxMs = 0;

  add(ms: number, times = 1): void {
    this.#counts[bucketOf(ms * 1000)]! += times;
    this.#count += times;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#maxMs = 0;
  }

  read(): Distribution {
    return { count: this.#count, p50: this.#quantile(0.5), p99: this.#quantile(0.99), max: rounded(this.#maxMs) };
  }

  #quantile(q: number): number {
    let left = Math.ceil(q * this.#count);
    for (let bucket = 0; bucket < BUCKETS && left > 0; bucket++) {
      left -= this.#counts[bucket]!;
      if (left <= 0) return Math.min(rounded(upperEdge(bucket) / 1000), rounded(this.#maxMs));
    }
    return 0;
  }
}

/** Below 4 µs a bucket a microsecond; from there four an octave. */
function bucketOf(us: number): number {
  const whole = us < 2_147_483_647 ? us | 0 : 2_147_483_647;
  if (whole < 4) return whole < 0 ? 0 : whole;
  const octave = 31 - Math.clz32(whole);
  return octave * 4 - 4 + ((whole >> (octave - 2)) & 3);
}

function upperEdge(bucket: number): number {
  if (bucket < 4) return bucket + 1;
  const octave = (bucket + 4) >> 2;
  return (5 + ((bucket + 4) & 3)) * 2 ** (octave - 2);
}

export function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
