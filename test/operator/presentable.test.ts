/** What is shown of a state: no secret, no endless list, and everything as JSON takes it. */
import { expect } from 'chai';
import { presentable } from '../../src/operator/presentable.ts';
import { decimal } from '../../src/protocol/decimal.ts';

describe('presentable state', () => {
  it('hides secrets at any depth, and shows counts that merely have such a name', () => {
    const shown = presentable({ gateway: { apiKey: 'k', apiSecret: 's', list: [{ listenKey: 'l' }], credentials: { key: 'x' }, tokens: 40, hasToken: true } });
    expect(shown).to.deep.equal({ gateway: { apiKey: '[redacted]', apiSecret: '[redacted]', list: [{ listenKey: '[redacted]' }], credentials: '[redacted]', tokens: 40, hasToken: true } });
  });

  it('writes maps, sets, decimals and bigints as JSON', () => {
    const shown = presentable({ map: new Map([['币安人生USDT', decimal('0.00000001')]]), set: new Set([1, 2]), big: 12n, at: undefined });
    expect(JSON.stringify(shown)).to.equal('{"map":{"币安人生USDT":"0.00000001"},"set":[1,2],"big":"12"}');
  });

  it('ends in a state that contains itself, and in one without end', () => {
    const self: Record<string, unknown> = {};
    self['self'] = self;
    expect(JSON.stringify(presentable(self))).to.contain('[deeper]');
    const long = presentable(Array.from({ length: 5_000 }, (_none, at) => at)) as unknown[];
    expect(long.at(-1)).to.equal('[3000 more]');
  });
});
