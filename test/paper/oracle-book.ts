/** A second book of an account, in fractions of whole numbers: it shares no arithmetic, no table and no formula with the exchange. */

/** Exact; `d` is positive. */
export interface Fraction {
  readonly n: bigint;
  readonly d: bigint;
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? (a < 0n ? -a : a) : gcd(b, a % b);
}

function fraction(n: bigint, d: bigint): Fraction {
  const sign = d < 0n ? -1n : 1n;
  const common = gcd(n, d) || 1n;
  return { n: (sign * n) / common, d: (sign * d) / common };
}

export const NONE: Fraction = { n: 0n, d: 1n };

/** Reads plain decimal text. */
export function f(text: string): Fraction {
  const [whole = '', part = ''] = text.replace('-', '').split('.');
  const n = BigInt(whole + part);
  return fraction(text.startsWith('-') ? -n : n, 10n ** BigInt(part.length));
}

export const add = (...all: readonly Fraction[]): Fraction => all.reduce((a, b) => fraction(a.n * b.d + b.n * a.d, a.d * b.d), NONE);
export const negate = (a: Fraction): Fraction => ({ n: -a.n, d: a.d });
export const subtract = (a: Fraction, b: Fraction): Fraction => add(a, negate(b));
export const times = (a: Fraction, b: Fraction): Fraction => fraction(a.n * b.n, a.d * b.d);
export const over = (a: Fraction, b: Fraction): Fraction => fraction(a.n * b.d, a.d * b.n);
export const size = (a: Fraction): Fraction => (a.n < 0n ? negate(a) : a);
export const most = (a: Fraction, b: Fraction): Fraction => (subtract(a, b).n >= 0n ? a : b);

/** Whole units of 10^-decimals, half away from zero. */
function units(a: Fraction, decimals: number): bigint {
  const scaled = (a.n < 0n ? -a.n : a.n) * 10n ** BigInt(decimals);
  const rounded = (2n * scaled + a.d) / (2n * a.d);
  return a.n < 0n ? -rounded : rounded;
}

export const round = (a: Fraction, decimals: number): Fraction => fraction(units(a, decimals), 10n ** BigInt(decimals));

/** With exactly `decimals` digits. */
export function written(a: Fraction, decimals: number): string {
  const whole = units(a, decimals);
  const digits = String(whole < 0n ? -whole : whole).padStart(decimals + 1, '0');
  return `${whole < 0n ? '-' : ''}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** Up to this notional, this share of what lies in the bracket; the last one has no end, as a position may have grown beyond it. */
const BRACKETS: readonly (readonly [string, string])[] = [
  ['5000', '0.01'],
  ['25000', '0.015'],
  ['100000', '0.02'],
  ['250000', '0.025'],
  ['1000000', '0.05'],
  ['2000000', '0.1'],
  ['4000000', '0.125'],
  ['10000000', '0.25'],
  ['1000000000000', '0.5'],
];

/** Maintenance margin as a sum over brackets, and the rate of the last one it reaches into. */
export function maintenance(notional: Fraction): { margin: Fraction; rate: Fraction } {
  let [margin, floor, rate] = [NONE, NONE, f('0.01')];
  for (const [cap, share] of BRACKETS) {
    if (floor.n !== 0n && subtract(notional, floor).n <= 0n) break;
    rate = f(share);
    const reached = subtract(notional, f(cap)).n < 0n ? notional : f(cap);
    margin = add(margin, times(subtract(reached, floor), rate));
    floor = f(cap);
  }
  return { margin, rate };
}

export interface BookedTrade {
  readonly key: string;
  readonly buys: boolean;
  readonly price: Fraction;
  readonly quantity: Fraction;
  readonly maker: boolean;
  /** Auto-deleveraging and the like take none. */
  readonly free: boolean;
  readonly isolated: boolean;
  readonly leverage: number;
}

export class Holding {
  amount: Fraction = NONE;
  entry: Fraction = NONE;
  isolated: Fraction = NONE;
  realised: Fraction = NONE;
}

export class OracleBook {
  wallet: Fraction;
  readonly holdings = new Map<string, Holding>();

  constructor(deposit: string) {
    this.wallet = f(deposit);
  }

  of(key: string): Holding {
    const known = this.holdings.get(key) ?? new Holding();
    this.holdings.set(key, known);
    return known;
  }

  /** Splits a trade into what closes and what opens. @returns realised profit and commission. */
  trade({ key, buys, price, quantity, maker, free, isolated, leverage }: BookedTrade): { realised: Fraction; commission: Fraction } {
    const holding = this.of(key);
    const commission = free ? NONE : round(times(times(price, quantity), f(maker ? '0.0002' : '0.0005')), 8);
    const against = holding.amount.n !== 0n && holding.amount.n > 0n !== buys;
    const held = size(holding.amount);
    const closes = against ? (subtract(quantity, held).n < 0n ? quantity : held) : NONE;
    const opens = subtract(quantity, closes);
    let realised = NONE;
    if (closes.n !== 0n) {
      const gained = times(buys ? subtract(holding.entry, price) : subtract(price, holding.entry), closes);
      realised = round(gained, 8);
      const left = subtract(held, closes);
      holding.isolated = left.n === 0n ? NONE : round(over(times(holding.isolated, left), held), 8);
      holding.amount = buys ? negate(left) : left;
      if (left.n === 0n) holding.entry = NONE;
    }
    if (opens.n !== 0n) {
      const before = size(holding.amount);
      holding.entry = round(over(add(times(before, holding.entry), times(opens, price)), add(before, opens)), 12);
      holding.amount = add(holding.amount, buys ? opens : negate(opens));
      if (isolated) holding.isolated = add(holding.isolated, round(over(times(opens, price), f(String(leverage))), 8));
    }
    holding.realised = add(holding.realised, realised);
    this.wallet = add(this.wallet, realised, negate(commission));
    return { realised, commission };
  }

  /** Longs pay a positive rate. @returns what was paid (negative) or got. */
  funding(key: string, rate: Fraction, mark: Fraction, isolated: boolean): Fraction {
    const holding = this.of(key);
    const paid = round(negate(times(times(holding.amount, mark), rate)), 8);
    this.wallet = add(this.wallet, paid);
    if (isolated) holding.isolated = add(holding.isolated, paid);
    return paid;
  }
}

export interface Leg {
  readonly holding: Holding;
  readonly mark: Fraction;
}

/** The price at which `balance` and the profit of the legs equal their maintenance margin, both going on in the bracket they are in now; zero where there is none. */
export function liquidation(legs: readonly Leg[], balance: Fraction): Fraction {
  // At price p: balance + Σ amount × (p − entry) = Σ (margin(now) + rate × (|amount| × p − |amount| × mark)).
  let [constant, slope] = [balance, NONE];
  for (const { holding, mark } of legs) {
    if (holding.amount.n === 0n) continue;
    const notional = times(size(holding.amount), mark);
    const { margin, rate } = maintenance(notional);
    constant = add(constant, negate(times(holding.amount, holding.entry)), negate(margin), times(rate, notional));
    slope = add(slope, holding.amount, negate(times(rate, size(holding.amount))));
  }
  if (slope.n === 0n) return NONE;
  const price = over(negate(constant), slope);
  return price.n > 0n ? price : NONE;
}
