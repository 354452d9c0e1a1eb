/** Symbols of the synthetic market from a file: any number, with filters of their own, and what is wrong with a file named by field and value. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { StartRefused } from '../../src/paper/exchange.ts';
import { readSymbols, SymbolsError } from '../../src/paper/market/synthetic-symbols.ts';
import { SyntheticMarket } from '../../src/paper/market/synthetic.ts';
import { Client, startForTest, temporaryDirectory, type Json } from './kit.ts';

const SHIPPED = new URL('../../config/paper-symbols.json', import.meta.url).pathname;
const good = { symbol: 'AUSDT', price: '1.5', tickSize: '0.1', stepSize: '1', dayTurnover: 1_000_000 };

describe('paper exchange: symbols from a file', () => {
  const { dir, remove } = temporaryDirectory();
  after(remove);
  let files = 0;
  function file(content: unknown): string {
    const path = join(dir, `${++files}.json`);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  it('serves the shipped list with its own filters, and orders are held to them', async () => {
    const exchange = await startForTest({ symbolsFile: SHIPPED });
    try {
      const client = new Client(exchange.url);
      const { json } = await client.get('/fapi/v1/exchangeInfo');
      const symbols = json['symbols'] as { symbol: string; filters: Json[] }[];
      expect(symbols).to.have.length(15);
      const bitcoin = symbols.find(({ symbol }) => symbol === 'BTCUSDT')!;
      const filter = (type: string) => bitcoin.filters.find(({ filterType }) => filterType === type);
      expect([filter('PRICE_FILTER')!['tickSize'], filter('LOT_SIZE')!['maxQty'], filter('MARKET_LOT_SIZE')!['maxQty'], filter('MIN_NOTIONAL')!['notional']]).to.deep.equal(['0.1', '1000', '120', '100']);
      const order = (quantity: string) => client.signed('POST', '/fapi/v1/order', { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity, newOrderRespType: 'RESULT' });
      expect((await order('0.001')).json['code']).to.equal(-4164);
      expect((await order('121')).json['code']).to.equal(-4005);
      expect((await order('0.002')).json).to.include({ status: 'FILLED' });
    } finally {
      await exchange.close();
    }
  });

  it('is another market than the built-in one, and than another file', () => {
    const identities = [undefined, [good], [{ ...good, price: '1.6' }]].map((symbols) => new SyntheticMarket(7, symbols).identity);
    expect(new Set(identities).size).to.equal(3);
  });

  const bad: readonly (readonly [string, unknown, RegExp])[] = [
    ['no JSON', '{', /cannot read the symbols/],
    ['no list', {}, /file: .*array/i],
    ['an empty list', [], /at least one symbol/],
    ['a lower-case quote', [{ ...good, symbol: 'Ausdt' }], /0\.symbol: .*got "Ausdt"/],
    ['a price that is a number', [{ ...good, price: 1.5 }], /0\.price: .*got 1\.5/],
    ['a price of zero', [{ ...good, price: '0.0' }], /0\.price: .*above zero.*got "0\.0"/],
    ['a price off the tick', [{ ...good, price: '1.55' }], /0\.price: .*whole number of ticks/],
    ['a negative step', [good, { ...good, symbol: 'BUSDT', stepSize: '-1' }], /1\.stepSize: .*got "-1"/],
    ['an unknown field', [{ ...good, leverage: 5 }], /leverage/],
    ['a symbol twice', [good, good], /AUSDT is there twice/],
  ];
  for (const [name, content, expected] of bad) {
    it(`names what is wrong: ${name}`, () => {
      const path = file(content);
      expect(() => readSymbols(path)).to.throw(SymbolsError, expected).and.to.have.property('message').that.includes(path);
    });
  }

  it('refuses to start with a bad file, a missing one, or together with recordings', async () => {
    for (const options of [{ symbolsFile: file([]) }, { symbolsFile: join(dir, 'none.json') }, { symbolsFile: SHIPPED, replay: { dir, speed: 1, history: 1, align: 'start' as const } }]) {
      const error: unknown = await startForTest(options).then((started) => started.close(), (thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(StartRefused);
    }
  });
});
