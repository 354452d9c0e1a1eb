/** Account modes: every fault at once, each with the call that changes it (ruling 7). */
import { expect } from 'chai';
import { accountModeFault } from '../../src/rules/account-modes.ts';

const GOOD = { hedgeMode: false, multiAssets: false, feeBurn: false, canTrade: true };

describe('account modes', () => {
  it('have no fault one-way, single-asset, with fee burn off', () => expect(accountModeFault(GOOD)).to.equal(undefined));

  for (const [name, spoilt, call] of [
    ['hedge mode', { hedgeMode: true }, 'POST /fapi/v1/positionSide/dual with dualSidePosition=false'],
    ['multi-assets mode', { multiAssets: true }, 'POST /fapi/v1/multiAssetsMargin with multiAssetsMargin=false'],
    ['fee burn', { feeBurn: true }, 'POST /fapi/v1/feeBurn with feeBurn=false'],
  ] as const) {
    it(`name ${name} and what changes it (failure 53)`, () => {
      const fault = accountModeFault({ ...GOOD, ...spoilt });
      expect(fault).to.include(call);
      expect(fault?.split('; ').filter((part) => /account is|fees are/.test(part))).to.have.length(1);
    });
  }

  it('name all faults at once', () => {
    const fault = accountModeFault({ hedgeMode: true, multiAssets: true, feeBurn: true, canTrade: false });
    for (const part of ['positionSide/dual', 'multiAssetsMargin', 'feeBurn']) expect(fault).to.include(part);
  });
});
