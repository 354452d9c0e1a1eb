/** Permits and mandates: what is redeemed, once, for exactly what was granted; everything else is refused with its reason. */
import { expect } from 'chai';
import fc from 'fast-check';
import { decimal } from '../../src/protocol/decimal.ts';
import type { ClientId, SymbolName } from '../../src/protocol/names.ts';
import { createPermitAuthority, mandateSchema, PERMIT_LIFE_MS } from '../../src/protocol/permit.ts';
import type { Mandate, Permit, Redemption } from '../../src/protocol/permit.ts';
import type { VenueWrite } from '../../src/protocol/venue.ts';
import { CHINESE, GPS, HYPE, NOW } from '../kit/decisions.ts';

const clientId = 'x-15PC4ZJyabcdeaaaaaaaaaaaaaaaaaaaa' as ClientId;
const other = 'x-15PC4ZJyabcdebbbbbbbbbbbbbbbbbbbb' as ClientId;
type OpenWrite = Extract<VenueWrite, { kind: 'OPEN' }>;

function authority(side: 'LONG' | 'SHORT' = 'LONG', symbol: SymbolName = GPS) {
  const clock = { now: 1_000, setBy: 0 };
  const made = createPermitAuthority({ now: () => NOW + clock.now + clock.setBy, monotonic: () => clock.now });
  const grant = () => made.issuer.open({ planHash: 'plan-1', clientId, symbol, side, maxQuantity: '100', worstPrice: '0.5', leverage: 10, marginMode: 'ISOLATED', executorIncarnation: 7, checks: ['PRICE_STALE'] });
  const write: OpenWrite = { kind: 'OPEN', symbol, clientId, side: side === 'LONG' ? 'BUY' : 'SELL', quantity: decimal('100'), price: decimal('0.5') };
  const redeem = (permit: Permit, fields: Partial<OpenWrite> = {}, incarnation = 7) => made.redeemer.redeem({ ...write, ...fields }, { by: 'permit', permit }, incarnation);
  return { ...made, clock, grant, write, redeem };
}
const codeOf = (redemption: Redemption) => (redemption.ok ? 'ok' : redemption.code);

describe('permits', () => {
  it('are redeemed once and never again (ruling 1)', () => {
    const { grant, redeem } = authority();
    const { permit } = grant();
    expect(redeem(permit)).to.deep.equal({ ok: true, under: permit.id });
    for (let again = 0; again < 3; again++) expect(codeOf(redeem(permit))).to.equal('PERMIT_UNKNOWN');
  });

  it('live five seconds from the grant, and are used up by coming too late', () => {
    const { grant, redeem, clock } = authority();
    const inTime = grant().permit;
    const late = grant().permit;
    clock.now += PERMIT_LIFE_MS;
    expect(PERMIT_LIFE_MS).to.equal(5_000);
    expect(codeOf(redeem(inTime))).to.equal('ok');
    clock.now += 1;
    expect(redeem(late)).to.deep.equal({ ok: false, code: 'PERMIT_EXPIRED', detail: 'expired 1 ms ago' });
    expect(codeOf(redeem(late))).to.equal('PERMIT_UNKNOWN');
  });

  it('stand to their last millisecond, whatever is granted meanwhile, and are forgotten after it', () => {
    const { grant, redeem, clock } = authority();
    const [used, forgotten] = [grant().permit, grant().permit];
    clock.now += PERMIT_LIFE_MS;
    grant();
    expect(codeOf(redeem(used))).to.equal('ok');
    clock.now += 1;
    grant();
    expect(codeOf(redeem(forgotten))).to.equal('PERMIT_UNKNOWN');
  });

  for (const setBy of [-3_600_000, 3_600_000]) {
    it(`live neither longer nor shorter when the wall clock is set by ${setBy / 3_600_000} h`, () => {
      const { grant, redeem, clock } = authority();
      const [inTime, late] = [grant().permit, grant().permit];
      clock.setBy = setBy;
      clock.now += PERMIT_LIFE_MS;
      expect(codeOf(redeem(inTime))).to.equal('ok');
      clock.now += 1;
      expect(codeOf(redeem(late))).to.equal('PERMIT_EXPIRED');
    });
  }

  for (const side of ['LONG', 'SHORT'] as const) {
    const worse = decimal(side === 'LONG' ? '0.5000001' : '0.4999999');
    const better = decimal(side === 'LONG' ? '0.4' : '0.6');
    const spoilt: Record<string, Partial<OpenWrite>> = {
      'another symbol': { symbol: HYPE },
      'another client id': { clientId: other },
      'the other side': { side: side === 'LONG' ? 'SELL' : 'BUY' },
      'a larger quantity': { quantity: decimal('100.0000001') },
      'a worse price': { price: worse },
    };
    for (const [what, fields] of Object.entries(spoilt)) {
      it(`to open ${side} refuse ${what}, and are used up by it`, () => {
        const { grant, redeem } = authority(side);
        const { permit } = grant();
        expect(codeOf(redeem(permit, fields))).to.equal('PERMIT_MISMATCH');
        expect(codeOf(redeem(permit))).to.equal('PERMIT_UNKNOWN');
      });
    }
    it(`to open ${side} allow what was granted, and less and better`, () => {
      const { grant, redeem } = authority(side);
      expect(grant().permit).to.include({ kind: 'OPEN', symbol: GPS, side, maxQuantity: '100', worstPrice: '0.5', reduceOnly: false, leverage: 10, marginMode: 'ISOLATED', executorIncarnation: 7 });
      expect(codeOf(redeem(grant().permit))).to.equal('ok');
      expect(codeOf(redeem(grant().permit, { quantity: decimal('1'), price: better }))).to.equal('ok');
    });
  }

  it('to open cover no other kind of write', () => {
    const { grant, redeemer } = authority();
    const writes: VenueWrite[] = [
      { kind: 'CLOSE', symbol: GPS, clientId, side: 'BUY', quantity: decimal('1') },
      { kind: 'PROTECT', symbol: GPS, clientId, side: 'SELL', leg: 'stop', quantity: decimal('1'), triggerPrice: decimal('0.4') },
      { kind: 'CANCEL', symbol: GPS, clientId, of: 'algo' },
      { kind: 'CONFIGURE', symbol: GPS, clientId, setting: 'leverage', leverage: 10 },
    ];
    for (const write of writes) expect(codeOf(redeemer.redeem(write, { by: 'permit', permit: grant().permit }, 7)), write.kind).to.equal('PERMIT_MISMATCH');
  });

  it('to configure cover exactly the setting granted, in any trading epoch', () => {
    const { issuer, redeemer, epochs } = authority();
    const redeem = (write: VenueWrite) => {
      const permit = issuer.configure({ clientId, symbol: GPS, leverage: 10, marginMode: 'ISOLATED', checks: [] });
      epochs.advance();
      return codeOf(redeemer.redeem(write, { by: 'permit', permit }, 99));
    };
    expect(redeem({ kind: 'CONFIGURE', symbol: GPS, clientId, setting: 'leverage', leverage: 10 })).to.equal('ok');
    expect(redeem({ kind: 'CONFIGURE', symbol: GPS, clientId, setting: 'marginMode', marginMode: 'ISOLATED' })).to.equal('ok');
    expect(redeem({ kind: 'CONFIGURE', symbol: GPS, clientId, setting: 'leverage', leverage: 11 })).to.equal('PERMIT_MISMATCH');
    expect(redeem({ kind: 'CONFIGURE', symbol: GPS, clientId, setting: 'marginMode', marginMode: 'CROSSED' })).to.equal('PERMIT_MISMATCH');
    expect(redeem({ kind: 'CONFIGURE', symbol: HYPE, clientId, setting: 'leverage', leverage: 10 })).to.equal('PERMIT_MISMATCH');
  });

  it('to open are void in the turn in which the trading epoch advances, all of them, and new ones are not (ruling 11)', () => {
    const { grant, redeem, epochs } = authority();
    const before = [grant().permit, grant().permit];
    const epoch = epochs.current();
    expect(epochs.advance()).to.equal(epoch + 1);
    expect(epochs.current()).to.equal(epoch + 1);
    expect(before.map((permit) => codeOf(redeem(permit)))).to.deep.equal(['PERMIT_EPOCH', 'PERMIT_EPOCH']);
    expect(codeOf(redeem(grant().permit))).to.equal('ok');
  });

  it('go on from the epoch that was on record', () => {
    const { epochs } = createPermitAuthority({ now: () => NOW, monotonic: () => 0, firstEpoch: 41 });
    expect([epochs.current(), epochs.advance()]).to.deep.equal([41, 42]);
  });

  it('to open are fenced by the incarnation they were granted to', () => {
    for (const incarnation of [6, 8]) {
      const { grant, redeem } = authority();
      expect(codeOf(redeem(grant().permit, {}, incarnation))).to.equal('PERMIT_FENCED');
    }
  });

  it('to open are void once revoked, all that are out, for as often as they are tried; new ones, and those to configure, are not (ruling 14)', () => {
    const { grant, redeem, issuer, redeemer } = authority();
    const [first, second] = [grant(), grant()];
    const setting = issuer.configure({ clientId, symbol: GPS, leverage: 10, marginMode: 'ISOLATED', checks: [] });
    issuer.revokeOpenings();
    for (const { permit } of [first, second, first]) expect(codeOf(redeem(permit))).to.equal('PERMIT_REVOKED');
    expect(codeOf(redeem(grant().permit))).to.equal('ok');
    expect(codeOf(redeemer.redeem({ kind: 'CONFIGURE', symbol: GPS, clientId, setting: 'leverage', leverage: 10 }, { by: 'permit', permit: setting }, 7))).to.equal('ok');
    const close: VenueWrite = { kind: 'CLOSE', symbol: GPS, clientId: other, side: 'SELL', quantity: decimal('1') };
    expect(codeOf(redeemer.redeem(close, { by: 'mandate', mandateId: first.mandate.mandateId }, 7)), 'a mandate stands').to.equal('ok');
  });

  it('that were forged, copied or changed do not redeem, and the original still does (failure 62)', () => {
    const { grant, redeem } = authority();
    const { permit } = grant();
    const forged = [{ ...permit }, structuredClone(permit), JSON.parse(JSON.stringify(permit)), Object.create(permit), new Proxy(permit, {})] as Permit[];
    for (const one of forged) expect(codeOf(redeem(one))).to.equal('PERMIT_UNKNOWN');
    expect(() => Object.assign(permit, { maxQuantity: '1000000' })).to.throw(TypeError);
    expect(codeOf(redeem(permit, { quantity: decimal('1000') }))).to.equal('PERMIT_MISMATCH');
  });

  it('of one authority are worth nothing to another', () => {
    expect(codeOf(authority().redeem(authority().grant().permit))).to.equal('PERMIT_UNKNOWN');
  });

  it('let through exactly one write each, whatever is tried in whatever order', () => {
    const attempt = fc.record({ which: fc.nat({ max: 4 }), quantity: fc.integer({ min: 1, max: 200 }), wait: fc.nat({ max: 3_000 }), advance: fc.boolean(), incarnation: fc.constantFrom(7, 7, 7, 8) });
    fc.assert(
      fc.property(fc.array(attempt, { maxLength: 30 }), (attempts) => {
        const { grant, redeem, clock, epochs } = authority();
        const permits = Array.from({ length: 5 }, () => grant().permit);
        const tried = new Set<number>();
        const start = clock.now;
        const epoch = epochs.current();
        for (const { which, quantity, wait, advance, incarnation } of attempts) {
          clock.now += wait;
          if (advance) epochs.advance();
          const expected = !tried.has(which) && clock.now - start <= 5_000 && epochs.current() === epoch && quantity <= 100 && incarnation === 7;
          expect(redeem(permits[which]!, { quantity: decimal(String(quantity)) }, incarnation).ok).to.equal(expected);
          tried.add(which);
        }
      }),
      { numRuns: 500, seed: 59 },
    );
  });
});

describe('mandates', () => {
  const closing = { LONG: 'SELL', SHORT: 'BUY' } as const;
  for (const side of ['LONG', 'SHORT'] as const) {
    const covered = (symbol: SymbolName, quantity = '100'): VenueWrite[] => [
      { kind: 'PROTECT', symbol, clientId: other, side: closing[side], leg: 'stop', quantity: decimal(quantity), triggerPrice: decimal('0.4') },
      { kind: 'PROTECT', symbol, clientId: other, side: closing[side], leg: 'target', quantity: decimal(quantity), triggerPrice: decimal('0.6') },
      { kind: 'CLOSE', symbol, clientId: other, side: closing[side], quantity: decimal(quantity) },
      { kind: 'CANCEL', symbol, clientId: other, of: 'algo' },
    ];

    it(`of a ${side} cover protecting, closing and cancelling again and again: for ever, in any epoch and incarnation (ruling 2)`, () => {
      const { grant, redeemer, clock, epochs } = authority(side, CHINESE);
      const { mandate } = grant();
      for (const write of covered(CHINESE)) {
        for (let time = 0; time < 3; time++) {
          clock.now += 86_400_000;
          epochs.advance();
          expect(redeemer.redeem(write, { by: 'mandate', mandateId: mandate.mandateId }, time), write.kind).to.deep.equal({ ok: true, under: mandate.mandateId });
        }
      }
    });

    it(`of a ${side} cover no other symbol, side or larger quantity, and neither opening nor configuring`, () => {
      const { grant, redeemer } = authority(side);
      const { mandate } = grant();
      const opening = side === 'LONG' ? 'BUY' : 'SELL';
      const refused: VenueWrite[] = [
        ...covered(HYPE),
        ...covered(GPS, '100.0000001').filter((write) => write.kind !== 'CANCEL'),
        ...covered(GPS).flatMap((write) => (write.kind === 'CLOSE' || write.kind === 'PROTECT' ? [{ ...write, side: opening } as VenueWrite] : [])),
        { kind: 'OPEN', symbol: GPS, clientId, side: opening, quantity: decimal('1'), price: decimal('0.5') },
        { kind: 'OPEN', symbol: GPS, clientId, side: closing[side], quantity: decimal('1'), price: decimal('0.5') },
        { kind: 'CONFIGURE', symbol: GPS, clientId, setting: 'leverage', leverage: 10 },
      ];
      for (const write of refused) expect(codeOf(redeemer.redeem(write, { by: 'mandate', mandateId: mandate.mandateId }, 7)), JSON.stringify(write)).to.equal('PERMIT_MISMATCH');
    });
  }

  it('that have ended, or never were, refuse', () => {
    const { grant, issuer, redeemer } = authority();
    const { mandate } = grant();
    const close: VenueWrite = { kind: 'CLOSE', symbol: GPS, clientId, side: 'SELL', quantity: decimal('1') };
    const under = (mandateId: Mandate['mandateId']) => codeOf(redeemer.redeem(close, { by: 'mandate', mandateId }, 1));
    expect(under(mandate.mandateId)).to.equal('ok');
    issuer.endMandate(mandate.mandateId);
    expect(under(mandate.mandateId)).to.equal('MANDATE_UNKNOWN');
    expect(under('mandate-never' as Mandate['mandateId'])).to.equal('MANDATE_UNKNOWN');
  });

  it('of a symbol that is flat are ended, all of them, and those of others stand', () => {
    const { issuer, redeemer } = authority();
    const mandate = (mandateId: string, symbol: SymbolName) => ({ mandateId, symbol, side: 'LONG', maxQuantity: '100' }) as Mandate;
    for (const one of [mandate('first', GPS), mandate('second', GPS), mandate('third', HYPE)]) issuer.restoreMandate(one);
    issuer.endMandatesOf(GPS);
    const under = (mandateId: string, symbol: SymbolName) => codeOf(redeemer.redeem({ kind: 'CLOSE', symbol, clientId, side: 'SELL', quantity: decimal('1') }, { by: 'mandate', mandateId: mandateId as Mandate['mandateId'] }, 1));
    expect([under('first', GPS), under('second', GPS), under('third', HYPE)]).to.deep.equal(['MANDATE_UNKNOWN', 'MANDATE_UNKNOWN', 'ok']);
  });

  it('on record are taken up after a restart by an authority that never granted them (ruling 13)', () => {
    for (const [side, closes] of [['LONG', 'SELL'], ['SHORT', 'BUY']] as const) {
      const { mandate } = authority(side, CHINESE).grant();
      const { issuer, redeemer } = authority();
      const close: VenueWrite = { kind: 'CLOSE', symbol: CHINESE, clientId, side: closes, quantity: decimal('100') };
      const redeem = () => codeOf(redeemer.redeem(close, { by: 'mandate', mandateId: mandate.mandateId }, 1));
      expect(redeem()).to.equal('MANDATE_UNKNOWN');
      issuer.restoreMandate(mandateSchema.parse(JSON.parse(JSON.stringify(mandate))));
      expect(redeem()).to.equal('ok');
    }
  });
});
