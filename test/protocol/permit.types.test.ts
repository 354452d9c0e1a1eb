/** What must not compile: the compiler is the test, and an expected error that does not come is one (`tsc` reads this file). */
import { expect } from 'chai';
import { expectTypeOf } from 'expect-type';
import { decimal } from '../../src/protocol/decimal.ts';
import type { ExecutorMessage, GatewayMessage, GovernorMessage } from '../../src/protocol/messages.ts';
import type { ClientId, IntentId, MandateId, PermitId, PlanId, SymbolName } from '../../src/protocol/names.ts';
import { createPermitAuthority } from '../../src/protocol/permit.ts';
import type { Authority, Mandate, Permit, PermitIssuer, PermitOf, PermitRedeemer } from '../../src/protocol/permit.ts';
import type { VenueWrite } from '../../src/protocol/venue.ts';
import type { Ref } from '../../src/supervision/ref.ts';
import { GPS, NOW } from '../kit/decisions.ts';

type WriteOf<Kind extends VenueWrite['kind']> = Extract<VenueWrite, { kind: Kind }>;

describe('types of the way to the exchange', () => {
  it('a permit with every field right is still none: only the authority makes one (failure 62)', () => {
    const terms = { id: 'permit-1' as PermitId, clientId: 'c' as ClientId, symbol: GPS, expiresAt: NOW, checks: [], kind: 'OPEN', planHash: 'plan-1', side: 'LONG', maxQuantity: '1', worstPrice: '1', reduceOnly: false, leverage: 10, marginMode: 'ISOLATED', tradingEpoch: 1, executorIncarnation: 1 } as const;
    // @ts-expect-error the brand is missing and cannot be named outside
    const forged: Permit = terms;
    // @ts-expect-error nor as the authority of a write
    const authority: Authority = { by: 'permit', permit: terms };
    const { redeemer } = createPermitAuthority({ now: () => NOW, monotonic: () => NOW });
    const write: VenueWrite = { kind: 'OPEN', symbol: GPS, clientId: 'c' as ClientId, side: 'BUY', quantity: decimal('1'), price: decimal('1') };
    expect(redeemer.redeem(write, { by: 'permit', permit: forged }, 1).ok).to.equal(false);
    expect(redeemer.redeem(write, authority, 1).ok).to.equal(false);
  });

  it('a mandate is no permit, a permit to configure is none to open, and their ids are not each other\'s', () => {
    expectTypeOf<Mandate>().not.toExtend<Permit>();
    expectTypeOf<Permit>().not.toExtend<Mandate>();
    expectTypeOf<PermitOf<'CONFIGURE'>>().not.toExtend<PermitOf<'OPEN'>>();
    expectTypeOf<MandateId>().not.toExtend<PermitId>();
    expectTypeOf<{ by: 'mandate'; permit: Permit }>().not.toExtend<Authority>();
  });

  it('who redeems cannot issue, and who issues cannot redeem', () => {
    expectTypeOf<PermitRedeemer>().not.toExtend<PermitIssuer>();
    expectTypeOf<PermitIssuer>().not.toExtend<PermitRedeemer>();
    expectTypeOf<keyof PermitRedeemer>().toEqualTypeOf<'redeem'>();
  });

  it('opening and closing are different types, neither taken for the other (failures 49, 67)', () => {
    expectTypeOf<WriteOf<'CLOSE'>>().not.toExtend<WriteOf<'OPEN'>>();
    expectTypeOf<WriteOf<'OPEN'>>().not.toExtend<WriteOf<'CLOSE'>>();
    expectTypeOf<WriteOf<'CLOSE'>>().not.toHaveProperty('price');
    // @ts-expect-error a close has no price: it cannot become a resting order
    const close: WriteOf<'CLOSE'> = { kind: 'CLOSE', symbol: GPS, clientId: 'c' as ClientId, side: 'SELL', quantity: decimal('1'), price: decimal('1') };
    // @ts-expect-error nobody can say whether a write reduces: its kind does
    const open: WriteOf<'OPEN'> = { kind: 'OPEN', symbol: GPS, clientId: 'c' as ClientId, side: 'BUY', quantity: decimal('1'), price: decimal('1'), reduceOnly: false };
    expect([close.kind, open.kind]).to.deep.equal(['CLOSE', 'OPEN']);
  });

  it('a money field takes no binary number', () => {
    // @ts-expect-error quantities are exact decimals
    const write: WriteOf<'CLOSE'> = { kind: 'CLOSE', symbol: GPS, clientId: 'c' as ClientId, side: 'SELL', quantity: 0.1 };
    expect(write.kind).to.equal('CLOSE');
  });

  it('a reference to one role is no reference to another, and takes only its own messages', () => {
    expectTypeOf<Ref<ExecutorMessage>>().not.toExtend<Ref<GatewayMessage>>();
    expectTypeOf<Ref<GatewayMessage>>().not.toExtend<Ref<ExecutorMessage>>();
    expectTypeOf<Ref<GovernorMessage>>().not.toExtend<Ref<GatewayMessage>>();
    expectTypeOf<Ref<GatewayMessage>>().toExtend<Ref<Extract<GatewayMessage, { type: 'write' }>>>();
  });

  it('names are not plain text, nor one another', () => {
    expectTypeOf<string>().not.toExtend<SymbolName>();
    expectTypeOf<PlanId>().not.toExtend<IntentId>();
    expectTypeOf<ClientId>().not.toExtend<PlanId>();
    expectTypeOf<SymbolName>().toExtend<string>();
  });
});
