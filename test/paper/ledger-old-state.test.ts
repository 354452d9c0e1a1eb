/** A state file from before there were legs, funding and amendments still opens, and means what it meant. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { Client, startForTest, temporaryDirectory, type Json } from './kit.ts';

/** What the records of the first version did not have. */
const LATER: Readonly<Record<string, readonly string[]>> = {
  account: ['dualSide', 'forgotten'],
  position: ['positionSide'],
  order: ['positionSide', 'goodTillDate', 'amendments', 'autoClose', 'activatePrice', 'callbackRate'],
  trade: ['positionSide'],
  algo: ['positionSide', 'activatePrice', 'callbackRate', 'extreme'],
};

describe('paper exchange: an old state', () => {
  it('opens, shows the same account, and trades on', async () => {
    const { dir, remove } = temporaryDirectory();
    const symbol = 'GPSUSDT';
    let exchange = await startForTest({ stateDir: dir });
    let client = new Client(exchange.url);
    const shown = async () => {
      const paths = ['/fapi/v3/balance', '/fapi/v1/openOrders', '/fapi/v1/openAlgoOrders', '/fapi/v1/income', '/fapi/v1/positionSide/dual'];
      const answers = await Promise.all([...paths.map((path) => client.signed('GET', path)), client.signed('GET', '/fapi/v1/userTrades', { symbol }), client.signed('GET', '/fapi/v1/allOrders', { symbol })]);
      const [balance, ...rest] = answers.map((answer) => answer.json as unknown as Json[]);
      return [balance![0]!['balance'], ...rest];
    };
    try {
      await client.signed('POST', '/fapi/v1/order', { symbol, side: 'BUY', type: 'MARKET', quantity: '1000' });
      await client.signed('POST', '/fapi/v1/order', { symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '1000', price: '0.008' });
      await client.signed('POST', '/fapi/v1/algoOrder', { algoType: 'CONDITIONAL', symbol, side: 'SELL', type: 'STOP_MARKET', quantity: '1000', triggerPrice: '0.005', reduceOnly: 'true' });
      const before = await shown();
      await exchange.close();
      const db = new DatabaseSync(join(dir, 'exchange.db'));
      for (const [kind, fields] of Object.entries(LATER)) {
        const { changes } = db.prepare(`UPDATE records SET body = json_remove(body, ${fields.map((field) => `'$.${field}'`).join(', ')}) WHERE kind = ?`).run(kind);
        expect(Number(changes), kind).to.be.greaterThan(0);
      }
      db.close();
      exchange = await startForTest({ stateDir: dir });
      client = new Client(exchange.url);
      expect(await shown()).to.deep.equal(before);
      expect((await client.signed('POST', '/fapi/v1/order', { symbol, side: 'SELL', type: 'MARKET', quantity: '1000', reduceOnly: 'true' })).status).to.equal(200);
    } finally {
      await exchange.close();
      remove();
    }
  });
});
