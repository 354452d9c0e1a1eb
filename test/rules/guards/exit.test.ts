/** The guards of an exit: they are of another kind than an opening's, unknown allows, and no risk ever holds a close (rulings 2, 5, failures 65, 70). */
import { expect } from 'chai';
import fc from 'fast-check';
import { decimal, wholeDecimal } from '../../../src/protocol/decimal.ts';
import type { ClientId, MandateId, SymbolName } from '../../../src/protocol/names.ts';
import { createPermitAuthority } from '../../../src/protocol/permit.ts';
import type { Mandate } from '../../../src/protocol/permit.ts';
import type { VenueWrite } from '../../../src/protocol/venue.ts';
import { EXIT_GUARDS, judgeExit } from '../../../src/rules/guards/exit.ts';
import type { ExitInputs } from '../../../src/rules/guards/exit.ts';
import { CHINESE, GPS, NOW } from '../../kit/decisions.ts';

const clientId = 'c' as ClientId;
const mandate: Mandate = { mandateId: 'mandate-1' as MandateId, symbol: GPS, side: 'LONG', maxQuantity: '100' };
const close = (quantity = '100', side: 'BUY' | 'SELL' = 'SELL', symbol: SymbolName = GPS): VenueWrite => ({ kind: 'CLOSE', symbol, clientId, side, quantity: decimal(quantity) });
const stop = (quantity = '100', side: 'BUY' | 'SELL' = 'SELL'): VenueWrite => ({ kind: 'PROTECT', symbol: GPS, clientId, side, leg: 'stop', quantity: decimal(quantity), triggerPrice: decimal('1') });
const cancel: VenueWrite = { kind: 'CANCEL', symbol: GPS, clientId, of: 'algo' };
const open: VenueWrite = { kind: 'OPEN', symbol: GPS, clientId, side: 'BUY', quantity: decimal('1'), price: decimal('1') };
const configure: VenueWrite = { kind: 'CONFIGURE', symbol: GPS, clientId, setting: 'leverage', leverage: 10 };
const inputs = (fields: Partial<ExitInputs> = {}): ExitInputs => ({ write: close(), mandate, position: decimal('100'), sent: [], now: NOW, ...fields });
const codes = (fields: Partial<ExitInputs>) => judgeExit(inputs(fields)).map((one) => one.code);
const sentNow = (count: number, ageMs = 0) => Array.from({ length: count }, () => NOW - ageMs);

/** For each guard the cases that only it catches. */
const CASES: Readonly<Record<string, readonly (readonly [Partial<ExitInputs>, string])[]>> = {
  'reduces by its type': [[{ write: open, mandate: undefined }, 'PERMIT_MISMATCH'], [{ write: configure, mandate: undefined }, 'PERMIT_MISMATCH']],
  'mandate stands and covers it': [[{ mandate: null }, 'MANDATE_UNKNOWN'], [{ write: close('100.1'), position: undefined }, 'PERMIT_MISMATCH'], [{ write: close('1', 'BUY'), position: undefined }, 'PERMIT_MISMATCH'], [{ write: close('1', 'SELL', CHINESE) }, 'PERMIT_MISMATCH']],
  'position exists and is as large': [[{ position: decimal('0') }, 'PERMIT_MISMATCH'], [{ position: decimal('-100') }, 'PERMIT_MISMATCH'], [{ position: decimal('99') }, 'PERMIT_MISMATCH'], [{ write: stop('100'), position: decimal('99') }, 'PERMIT_MISMATCH']],
  'room in the rate limits': [[{ sent: sentNow(300) }, 'VENUE_THROTTLED'], [{ sent: sentNow(1_200, 30_000) }, 'VENUE_THROTTLED']],
};

describe('guards of an exit', () => {
  it('let a close, a stop and a cancel of what is held go', () => {
    for (const write of [close(), close('1'), stop(), cancel]) expect(codes({ write })).to.deep.equal([]);
    expect(codes({ write: close('100', 'BUY'), mandate: { ...mandate, side: 'SHORT' }, position: decimal('-100') })).to.deep.equal([]);
  });

  it('are all in the table of cases, and no case is without its guard', () => expect(EXIT_GUARDS.map(({ name }) => name)).to.deep.equal(Object.keys(CASES)));

  for (const { name } of EXIT_GUARDS) {
    it(`deny when "${name}" is not so, and without that guard it would go`, () => {
      expect(CASES[name]).not.to.equal(undefined);
      for (const [fields, code] of CASES[name]!) {
        expect(codes(fields)).to.deep.equal([code]);
        expect(judgeExit(inputs(fields), EXIT_GUARDS.filter((guard) => guard.name !== name))).to.deep.equal([]);
      }
    });
  }

  it('allow what is not known: neither mandate, nor position, nor the rate can hold an exit by being unknown (ruling 5)', () => {
    for (const write of [close(), stop(), cancel]) expect(codes({ write, mandate: undefined, position: undefined, sent: undefined })).to.deep.equal([]);
  });

  it('leave an exit the room that entries may not use: 200 of 300 orders are theirs, the last is an exit\'s', () => {
    expect(codes({ sent: sentNow(299) })).to.deep.equal([]);
    expect(codes({ sent: sentNow(300, 10_000) })).to.deep.equal([]);
  });

  it('cancel in the rate limits as well, and whatever is held', () => expect([codes({ write: cancel, position: decimal('0') }), codes({ write: cancel, sent: sentNow(300) })]).to.deep.equal([[], ['VENUE_THROTTLED']]));

  it('cannot ask about risk: nothing of it is among what they are given', () => {
    expect(Object.keys(inputs()).toSorted()).to.deep.equal(['mandate', 'now', 'position', 'sent', 'write']);
  });

  it('are what the redemption asks: for any write and mandate both say the same (ruling 2)', () => {
    const quantity = fc.integer({ min: 1, max: 200 }).map((value) => wholeDecimal(value));
    const side = fc.constantFrom('BUY' as const, 'SELL' as const);
    const symbol = fc.constantFrom(GPS, CHINESE);
    const write: fc.Arbitrary<VenueWrite> = fc.oneof(
      fc.record({ kind: fc.constant('CLOSE' as const), symbol, clientId: fc.constant(clientId), side, quantity }),
      fc.record({ kind: fc.constant('PROTECT' as const), symbol, clientId: fc.constant(clientId), side, leg: fc.constantFrom('stop' as const, 'target' as const), quantity, triggerPrice: quantity }),
      fc.record({ kind: fc.constant('CANCEL' as const), symbol, clientId: fc.constant(clientId), of: fc.constant('algo' as const) }),
      fc.constant(open),
      fc.constant(configure),
    );
    fc.assert(
      fc.property(write, fc.constantFrom('LONG' as const, 'SHORT' as const), fc.boolean(), (one, held, stands) => {
        const { issuer, redeemer } = createPermitAuthority({ now: () => NOW, monotonic: () => NOW });
        const its = { ...mandate, side: held };
        if (stands) issuer.restoreMandate(its);
        const redeemed = redeemer.redeem(one, { by: 'mandate', mandateId: its.mandateId }, 1);
        const [denial] = judgeExit({ write: one, mandate: stands ? its : null, position: undefined, sent: undefined, now: NOW }).toReversed();
        expect(redeemed.ok).to.equal(denial === undefined);
        if (!redeemed.ok) expect(redeemed.code).to.equal(denial?.code);
      }),
      { numRuns: 1_000, seed: 5 },
    );
  });
});
