/** What a key must be able to do and what it must not, by whose money it is. */
import { expect } from 'chai';
import type { KeyPermissions } from '../../src/protocol/venue.ts';
import { judgeKey } from '../../src/rules/key-permissions.ts';

const GOOD: KeyPermissions = { canTrade: true, canWithdraw: false, ipRestricted: true };
const MODES = { hedgeMode: false, multiAssets: false, feeBurn: false, canTrade: true };

describe('a key', () => {
  it('for trading alone, from named addresses, is taken everywhere without a word', () => {
    for (const kind of ['paper', 'testnet', 'mainnet'] as const) expect(judgeKey(kind, GOOD, MODES)).to.deep.equal({ refused: undefined, warnings: [] });
  });

  it('that may withdraw, or of which that is not known, is refused on the main venue alone', () => {
    for (const [canWithdraw, why] of [[true, 'the API key may withdraw;'], [undefined, 'the venue does not say']] as const) {
      const refused = judgeKey('mainnet', { ...GOOD, canWithdraw }, MODES).refused;
      expect(refused?.code).to.equal('KEY_MAY_WITHDRAW');
      expect(refused?.message).to.include(why);
      for (const kind of ['paper', 'testnet'] as const) expect(judgeKey(kind, { ...GOOD, canWithdraw }, MODES).refused).to.equal(undefined);
    }
  });

  it('that may withdraw is warned of elsewhere, once, and not where it is refused', () => {
    expect(judgeKey('testnet', { ...GOOD, canWithdraw: true }, MODES).warnings).to.deep.equal(['account and key may withdraw here; on the main venue such a key is refused']);
    expect(judgeKey('testnet', { ...GOOD, canWithdraw: undefined }, MODES).warnings).to.deep.equal([]);
    expect(judgeKey('mainnet', { ...GOOD, canWithdraw: true }, MODES).warnings).to.deep.equal([]);
  });

  it('that may be used from any address is warned of, and not one of which that is not known', () => {
    expect(judgeKey('mainnet', { ...GOOD, ipRestricted: false }, MODES)).to.have.property('refused', undefined);
    expect(judgeKey('mainnet', { ...GOOD, ipRestricted: false }, MODES).warnings[0]).to.include('any address');
    expect(judgeKey('mainnet', { ...GOOD, ipRestricted: undefined }, MODES).warnings).to.deep.equal([]);
  });

  it('that may only read is refused everywhere, and so is an account that may not trade; which of the two, the message says', () => {
    for (const kind of ['paper', 'testnet', 'mainnet'] as const) {
      expect(judgeKey(kind, { ...GOOD, canTrade: false }, MODES).refused).to.deep.equal({ code: 'KEY_READ_ONLY', message: 'the API key may not trade futures: enableFutures is false' });
      expect(judgeKey(kind, { ...GOOD, canTrade: undefined }, { ...MODES, canTrade: false }).refused).to.deep.equal({ code: 'KEY_READ_ONLY', message: 'the account may not trade futures: canTrade is false' });
    }
  });
});
