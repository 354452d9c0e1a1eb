/** The gateway between a scripted venue and those who listen: executor, reader of its view, and the owners of what follows from an answer. */
import { gatewayBehaviour } from '../../src/actors/gateway.ts';
import type { GatewayOptions } from '../../src/actors/gateway/state.ts';
import { decimal } from '../../src/protocol/decimal.ts';
import type { VigilError } from '../../src/protocol/errors.ts';
import type { ExecutorMessage, GatewayMessage } from '../../src/protocol/messages.ts';
import type { ClientId, MandateId, PlanId, SymbolName } from '../../src/protocol/names.ts';
import { createPermitAuthority } from '../../src/protocol/permit.ts';
import type { ReadName, VenueReads, VenueWrite } from '../../src/protocol/venue.ts';
import type { VenueSessionView } from '../../src/protocol/views.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import { GPS } from './actors.ts';
import { GatewayOwners } from './gateway-owners.ts';
import { Probe } from './probe.ts';
import { ScriptedVenue } from './scripted-venue.ts';
import { World } from './world.ts';

const MANDATE = 'mandate-1' as MandateId;

export type GatewayBench = Awaited<ReturnType<typeof gatewayBench>>;

/** `prepare` is called before the gateway starts; a second passes then. */
export async function gatewayBench(prepare: (venue: ScriptedVenue, world: World, owners: GatewayOwners) => void = () => undefined, options: Partial<GatewayOptions> = {}) {
  const world = new World();
  const { system, clock } = world;
  const venue = new ScriptedVenue(GPS, () => clock.now(), () => undefined);
  const owners = new GatewayOwners(world);
  const ref = system.ref<GatewayMessage>('gateway');
  const executor = new Probe<ExecutorMessage>(world, 'executor');
  const reader = new Probe<{ readonly type: 'session'; readonly view: VenueSessionView }>(world, 'reader');
  prepare(venue, world, owners);
  const authority = createPermitAuthority({ now: () => clock.now(), monotonic: () => clock.monotonic() });
  authority.issuer.restoreMandate({ mandateId: MANDATE, symbol: GPS, side: 'LONG', maxQuantity: '20000' });
  const refusals: VigilError[] = [];
  const offsets: number[] = [];
  await world.start(executor.spec, reader.spec, owners.spec, worker(ref, gatewayBehaviour({ venue, redeemer: authority.redeemer, executorOf: () => executor.ref, subscribers: [reader.ref], onClockOffset: (ms) => void offsets.push(ms), refuse: (error) => void refusals.push(error), ...owners.options, ...options })));
  await world.advance(1_000);
  const tell = (message: GatewayMessage) => system.tell(ref, message);
  const close = (clientId: string, quantity = '10'): VenueWrite => ({ kind: 'CLOSE', symbol: GPS, clientId: clientId as ClientId, side: 'SELL', quantity: decimal(quantity) });
  const protect = (clientId: string): VenueWrite => ({ kind: 'PROTECT', symbol: GPS, clientId: clientId as ClientId, side: 'SELL', leg: 'stop', quantity: decimal('10'), triggerPrice: decimal('0.009') });
  return {
    world,
    venue,
    ref,
    executor,
    reader,
    owners,
    authority,
    refusals,
    offsets,
    tell,
    close,
    protect,
    send: (write: VenueWrite, mandateId = MANDATE) => tell({ type: 'write', write, authority: { by: 'mandate', mandateId }, because: 'test' }),
    /** An opening with a permit of its own. */
    open: (clientId: string): void => {
      const id = clientId as ClientId;
      const { permit } = authority.issuer.open({ clientId: id, symbol: GPS, checks: [], planHash: clientId, side: 'LONG', maxQuantity: '10', worstPrice: '0.01', leverage: 10, marginMode: 'ISOLATED', executorIncarnation: system.tree().children.find((one) => one.path === 'executor')!.incarnation });
      tell({ type: 'write', write: { kind: 'OPEN', symbol: GPS, clientId: id, side: 'BUY', quantity: decimal('10'), price: decimal('0.01') }, authority: { by: 'permit', permit }, because: 'test' });
    },
    /** A setting of `symbol` with a permit of its own. */
    configure: (symbol: string): void => {
      const [clientId, of] = [`k-${symbol}` as ClientId, symbol as SymbolName];
      const permit = authority.issuer.configure({ clientId, symbol: of, leverage: 10, marginMode: 'ISOLATED', checks: [] });
      tell({ type: 'write', write: { kind: 'CONFIGURE', symbol: of, clientId, setting: 'leverage', leverage: 10 }, authority: { by: 'permit', permit }, because: 'policy' });
    },
    room: (symbol: string, settings = 1) => tell({ type: 'request-room', symbol: symbol as SymbolName, settings }),
    cancel: (clientId: string): VenueWrite => ({ kind: 'CANCEL', symbol: GPS, clientId: clientId as ClientId, of: 'algo' }),
    slot: (planId: string) => tell({ type: 'request-slot', symbol: GPS, planId: planId as PlanId }),
    /** Asks, lets `waitMs` pass, and brings the answer. */
    read: async <Name extends ReadName = 'account'>(waitMs = 0, name: Name = 'account' as Name, query: VenueReads[Name]['query'] = {} as never): Promise<unknown> => {
      const answer = system.ask(ref, { type: 'read', name, query } as never, 60_000);
      await world.advance(waitMs);
      return answer;
    },
    session: () => reader.last('session')?.view,
  };
}
