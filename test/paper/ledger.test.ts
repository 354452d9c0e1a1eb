/** The ledger against a second computation that shares nothing with it: whole numbers only, over random histories that cross zero. */
import { expect } from 'chai';
import fc from 'fast-check';
import { decimal, ZERO, type Decimal } from '../../src/protocol/decimal.ts';
import { applyFill, ENTRY_DECIMALS, NO_HOLDING, type Holding } from '../../src/paper/core/ledger.ts';
import { TestExchange } from './core-kit.ts';

interface Deal {
  readonly buy: boolean;
  /** In 0.0001. */
  readonly price: number;
  /** In 0.1. */
  readonly quantity: number;
  readonly maker: boolean;
}

const deal = fc.record({ buy: fc.boolean(), price: fc.integer({ min: 1, max: 2_000_000 }), quantity: fc.integer({ min: 1, max: 100_000 }), maker: fc.boolean() });

/** Half up, away from zero. */
function divide(numerator: bigint, divisor: bigint): bigint {
  const sign = numerator < 0n !== divisor < 0n ? -1n : 1n;
  const [n, d] = [numerator < 0n ? -numerator : numerator, divisor < 0n ? -divisor : divisor];
  return (sign * (2n * n + d)) / (2n * d);
}

const power = (exponent: number) => 10n ** BigInt(exponent);

/** The second book. Price 10^-4, quantity 10^-1, entry 10^-12, money 10^-8; `cash` is what was paid and received, exact, 10^-5. */
class SecondBook {
  amount = 0n;
  entry = 0n;
  realised = 0n;
  fees = 0n;
  cash = 0n;

  book({ buy, price, quantity, maker }: Deal): void {
    const [p, q] = [BigInt(price), BigInt(quantity)];
    const signed = buy ? q : -q;
    this.fees += divide(p * q * (maker ? 2n : 5n) * power(8), power(9));
    this.cash -= signed * p;
    const held = this.amount < 0n ? -this.amount : this.amount;
    const opens = this.amount === 0n || this.amount > 0n === buy;
    if (opens) {
      this.entry = divide(held * this.entry + q * p * power(8), held + q);
    } else {
      const closed = q < held ? q : held;
      const gain = (p * power(8) - this.entry) * closed * (this.amount > 0n ? 1n : -1n);
      this.realised += divide(gain, power(5));
      if (q > held) this.entry = p * power(8);
      if (q === held) this.entry = 0n;
    }
    this.amount += signed;
  }
}

const scaled = (value: Decimal, decimals: number) => BigInt(value.multipliedBy(decimal(String(power(decimals)))).toFixed());

function book(holding: Holding, { buy, price, quantity, maker }: Deal): ReturnType<typeof applyFill> {
  const fill = { side: buy ? ('BUY' as const) : ('SELL' as const), price: decimal((price / 10_000).toFixed(4)), quantity: decimal((quantity / 10).toFixed(1)), feeRate: decimal(maker ? '0.0002' : '0.0005'), leverage: 7, isolated: true };
  return applyFill(holding, fill);
}

describe('paper exchange: ledger', () => {
  it('agrees with a second computation on average, realised profit, fees and cash, for every history', () => {
    fc.assert(
      fc.property(fc.array(deal, { minLength: 1, maxLength: 60 }), (deals) => {
        const second = new SecondBook();
        let holding = NO_HOLDING;
        let [realised, fees] = [ZERO, ZERO];
        for (const one of deals) {
          const outcome = book(holding, one);
          second.book(one);
          holding = outcome.holding;
          realised = realised.plus(outcome.realised);
          fees = fees.plus(outcome.commission);
          expect(scaled(holding.amount, 1)).to.equal(second.amount);
          expect(scaled(holding.entryPrice, ENTRY_DECIMALS)).to.equal(second.entry);
          expect(scaled(realised, 8)).to.equal(second.realised);
          expect(scaled(fees, 8)).to.equal(second.fees);
          expect(holding.isolatedWallet.isZero()).to.equal(holding.amount.isZero());
          expect(holding.realised.toFixed()).to.equal(realised.toFixed());
        }
        // What was realised is what was paid and received, less what is still held at its entry: to a rounding a trade.
        const held = second.amount * second.entry;
        const drift = second.realised * power(5) - second.cash * power(8) - held;
        const allowed = BigInt(deals.length) * power(5) * 10n;
        expect(drift < allowed && drift > -allowed).to.equal(true);
      }),
      { numRuns: 300 },
    );
  });

  it('restarts the entry at the fill price when a fill crosses zero', () => {
    const long = book(NO_HOLDING, { buy: true, price: 100_000, quantity: 10, maker: true }).holding;
    const { holding, realised } = book(long, { buy: false, price: 120_000, quantity: 30, maker: true });
    expect([holding.amount.toFixed(), holding.entryPrice.toFixed(), realised.toFixed()]).to.deep.equal(['-2', '12', '2']);
  });

  it('changes the wallet by Σ realised − Σ commission to the last digit, over random trading', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ buy: fc.boolean(), quantity: fc.integer({ min: 5, max: 900 }), price: fc.integer({ min: 900, max: 1_100 }) }), { minLength: 1, maxLength: 30 }), (steps) => {
        const exchange = new TestExchange('10', '100000');
        for (const [index, { buy, quantity, price }] of steps.entries()) {
          exchange.move((price / 100).toFixed(2), index);
          exchange.code(() => exchange.order(buy ? 'BUY' : 'SELL', (quantity / 10).toFixed(1)));
        }
        const change = exchange.own.trades.reduce((total, trade) => total.plus(trade.realised).minus(trade.commission), ZERO);
        expect(exchange.own.account.wallet.minus(exchange.own.account.deposit).toFixed()).to.equal(change.toFixed());
        const traded = exchange.own.trades.reduce((total, trade) => (trade.side === 'BUY' ? total.plus(trade.quantity) : total.minus(trade.quantity)), ZERO);
        expect(exchange.amount).to.equal(traded.toFixed());
      }),
      { numRuns: 60 },
    );
  });
});
