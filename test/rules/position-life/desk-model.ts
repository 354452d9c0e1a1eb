/** The executor in miniature: carries facts to the life and meets its needs, with writes that hang, get lost, or answer late. */
import { decimal, ZERO } from '../../../src/protocol/decimal.ts';
import type { Decimal } from '../../../src/protocol/decimal.ts';
import { LIFE_EVENT_VERSION, parseLifeEvent } from '../../../src/protocol/life-events.ts';
import type { LifeEvent } from '../../../src/protocol/life-events.ts';
import type { ClientId, MandateId, PlanId, PositionId } from '../../../src/protocol/names.ts';
import { closingSide } from '../../../src/protocol/names.ts';
import { createPermitAuthority } from '../../../src/protocol/permit.ts';
import type { Mandate } from '../../../src/protocol/permit.ts';
import type { UserEvent, VenueWrite, WriteOutcome } from '../../../src/protocol/venue.ts';
import { clientIdFor, ID_PREFIX } from '../../../src/rules/client-ids.ts';
import { evolve } from '../../../src/rules/position-life/evolve.ts';
import { newLife } from '../../../src/rules/position-life/life.ts';
import type { Life } from '../../../src/rules/position-life/life.ts';
import { dueEvents } from '../../../src/rules/position-life/due-events.ts';
import { needsOf } from '../../../src/rules/position-life/needs.ts';
import { observeAlgo, observeOrder, observeOutcome, observeTrades, observeUserEvent, recognition } from '../../../src/rules/position-life/observe.ts';
import { ownerOf, unclaimedOrders } from '../../../src/rules/position-life/owners.ts';
import { requestClose, requestReduce, requestStopMove } from '../../../src/rules/position-life/requests.ts';
import type { Requested } from '../../../src/rules/position-life/requests.ts';
import { phaseOf } from '../../../src/rules/position-life/phase.ts';
import { assertTransition, causeOf } from '../../../src/rules/position-life/transitions.ts';
import type { Need, Situation } from '../../../src/rules/position-life/situation.ts';
import { heldSide, liveProtectionsOf, openOrdersOf, ordersOf, protectionOf } from '../../../src/rules/position-life/standing.ts';
import { GPS, makeInstrument, makeIntent, makePlan, NOW } from '../../kit/decisions.ts';
import type { Liquidity } from './venue-model.ts';
import { VenueModel } from './venue-model.ts';

interface Sent {
  readonly write: VenueWrite;
  readonly at: number;
  answer?: WriteOutcome;
}

const RECV_WINDOW_MS = 5_000;
const ABSENCES = 5;
const RULES = makeInstrument({ tickSize: decimal('0.1'), stepSize: decimal('1'), minQuantity: decimal('1'), minNotional: decimal('250'), marketMaxQuantity: decimal('9') });
/** What each tier closes, in percent of the most that was held. */
const TIERS = ['25', '50', '10', '100'];

export class DeskModel {
  now = NOW;
  readonly venue = new VenueModel(GPS);
  life: Life = newLife(GPS);
  readonly journal: LifeEvent[] = [];
  readonly wire: Sent[] = [];
  readonly refused: string[] = [];
  readonly wrong: string[] = [];
  readonly #stops = new Map<string, Decimal>();
  #durable = 0;
  #plans = 0;
  #flat: Situation['flat'];
  #orphans: readonly ClientId[] = [];
  readonly #reduces = new Map<ClientId, string>();
  #inFlight = new Set<ClientId>();
  #busyUntil = new Map<string, number>();
  #absences = new Map<string, number>();
  readonly #unclaimed = new Map<string, number>();
  readonly #authority = createPermitAuthority({ now: () => this.now, monotonic: () => this.now });
  readonly #leaves: boolean;

  /** `leave`: positions that are none of ours are left alone, and declared (ruling 26). */
  constructor(unknownPositions: 'adopt' | 'leave' = 'adopt') {
    this.#leaves = unknownPositions === 'leave';
  }

  record(events: readonly LifeEvent[]): void {
    for (const event of events) {
      const before = phaseOf(this.life);
      const life = evolve(this.life, event);
      assertTransition(before, phaseOf(life), causeOf(event));
      if (!life.holding.quantity.isEqualTo(this.life.holding.quantity)) this.#flat = undefined;
      this.life = life;
      this.journal.push(event);
    }
  }

  situation(): Situation {
    return { now: this.now, tickSize: RULES.tickSize, largestOrder: RULES.marketMaxQuantity, stopLossPercent: '2', takeProfitPercent: '4', nakedCloseMs: 10_000, guardedSince: 0, mark: undefined, flat: this.#flat, inFlight: this.#inFlight, clientId: (leg, of, attempt) => clientIdFor('test', leg, of, attempt) };
  }

  needs(): Need[] {
    return needsOf(this.life, this.situation());
  }

  /** A plan with its permit and mandate, if the symbol is flat: durable, then sent (ruling 3). */
  open(side: 'LONG' | 'SHORT', quantity: number): void {
    if (phaseOf(this.life) !== 'Flat') return;
    const planId = `plan-${++this.#plans}` as PlanId;
    const plan = makePlan({ planId, side, quantity: String(quantity), limitPrice: '100' });
    const clientId = clientIdFor('test', 'entry', planId, 1);
    const { permit, mandate } = this.#authority.issuer.open({ planHash: planId, clientId, symbol: GPS, side, maxQuantity: plan.quantity, worstPrice: plan.limitPrice, leverage: 10, marginMode: 'ISOLATED', executorIncarnation: 1, checks: [] });
    const order = side === 'LONG' ? 'BUY' : 'SELL';
    const at = this.now;
    this.record([
      { type: 'IntentAccepted', at, intent: makeIntent({ side }) },
      { type: 'PlanMade', at, plan },
      { type: 'PermitGranted', at, permitId: permit.id, clientId, checks: [], tradingEpoch: 1, expiresAt: permit.expiresAt, mandate },
      { type: 'OrderSending', at, purpose: 'entry', clientId, attempt: 1, side: order, quantity: plan.quantity, price: plan.limitPrice },
    ]);
    this.#send({ kind: 'OPEN', symbol: GPS, clientId, side: order, quantity: decimal(plan.quantity), price: decimal(plan.limitPrice) });
  }

  requestClose(): void {
    this.#take(requestClose(this.life, { reason: 'OPERATOR', by: 'test' }, this.now));
  }

  /** A tier of what is held, or of a position that is over. */
  reduce(tier: number, stalePosition: boolean): void {
    const { positionId } = this.life;
    if (positionId === undefined) return;
    this.#take(requestReduce(this.life, { positionId: stalePosition ? ('plan-0' as PositionId) : positionId, tier: String(tier), percent: TIERS[tier % TIERS.length]!, reason: `TIER_${tier}`, by: 'test' }, RULES, this.now));
  }

  moveStop(stopPrice: string): void {
    const { positionId } = this.life;
    if (positionId !== undefined) this.#take(requestStopMove(this.life, { positionId, stopPrice, reason: 'PROFIT_LOCK', by: 'test' }, RULES.tickSize, this.now));
  }

  #take(requested: Requested): void {
    if ('events' in requested) this.record(requested.events);
  }

  /** The oldest write that is still under way reaches the venue. */
  arrive(liquidity: Liquidity, wouldTrigger: boolean): void {
    const sent = this.wire.find((one) => one.answer === undefined && this.now - one.at <= RECV_WINDOW_MS);
    if (sent !== undefined) sent.answer = this.venue.execute(sent.write, liquidity, this.now, wouldTrigger && sent.write.kind === 'PROTECT');
  }

  /** The answer to a write that arrived, or, of one that hangs, its deadline. */
  answer(which: number, lost: boolean): void {
    const sent = this.wire[which % Math.max(this.wire.length, 1)];
    if (sent === undefined) return;
    const known = sent.answer !== undefined && !lost;
    if (!known && this.now - sent.at <= RECV_WINDOW_MS) return;
    this.wire.splice(this.wire.indexOf(sent), 1);
    this.#inFlight.delete(sent.write.clientId);
    this.record(observeOutcome(this.life, sent.write, known ? sent.answer! : { result: 'unknown', message: 'no answer' }, this.now));
    if (sent.write.kind === 'CANCEL' || sent.write.kind === 'CLOSE') this.#flat = undefined;
    this.readTruth();
  }

  hear(event: UserEvent): void {
    if (event.type === 'order' && event.trade !== undefined && this.#nothingOfOurs() && !event.order.clientId.startsWith(ID_PREFIX)) {
      const change = event.trade.side === 'BUY' ? event.trade.quantity : event.trade.quantity.negated();
      return this.record([{ type: 'DriftFound', at: this.now, journal: '0', venue: (this.life.drift ?? ZERO).plus(change).toFixed() }]);
    }
    this.record(observeUserEvent(this.life, event, this.now));
  }

  /** A new incarnation: the journal's durable prefix is all that is left; writes that were sent may still arrive. */
  restart(lose: number): void {
    this.journal.length = Math.max(this.#durable, this.journal.length - lose);
    this.life = this.replayed();
    this.#flat = undefined;
    this.#inFlight = new Set();
    this.#busyUntil = new Map();
    this.#absences = new Map();
    for (const order of ordersOf(this.life)) {
      if (order.state === 'sending') this.record([{ type: 'OrderAmbiguous', at: this.now, clientId: order.clientId, cause: 'restart' }]);
    }
    if (this.life.mandate !== undefined) this.#authority.issuer.restoreMandate(this.life.mandate);
  }

  replayed(): Life {
    return this.journal.reduce((life, { type, at, ...payload }) => evolve(life, parseLifeEvent(type, LIFE_EVENT_VERSION, at, JSON.parse(JSON.stringify(payload)))), newLife(GPS));
  }

  /** Position and open protections, as the venue states them now; a difference asks for the trades. */
  readTruth(): void {
    const { venue, life } = this;
    const listed = venue.openAlgos();
    this.record(listed.flatMap((order) => observeAlgo(this.life, order, this.now)));
    for (const one of liveProtectionsOf(life)) if (one.state === 'placed' && !listed.some((order) => order.clientId === one.clientId)) this.#askAlgo(one.clientId);
    this.#orphans = listed.map((one) => one.clientId).filter((clientId) => !liveProtectionsOf(this.life).some((known) => known.clientId === clientId));
    if (!life.holding.quantity.isEqualTo(venue.position)) {
      if (!this.#nothingOfOurs()) return this.#askTrades();
      if (life.drift?.isEqualTo(venue.position) !== true) this.record([{ type: 'DriftFound', at: this.now, journal: '0', venue: String(venue.position) }]);
      return;
    }
    if (life.drift !== undefined) this.record([{ type: 'DriftCleared', at: this.now, venue: String(venue.position) }]);
    this.#flat = venue.position === 0 ? { openAlgoIds: listed.map((one) => one.clientId) } : undefined;
  }

  #nothingOfOurs(): boolean {
    return this.#leaves && this.life.positionId === undefined && this.life.entry === undefined && this.life.holding.quantity.isZero();
  }

  /** What `settle` does: due events first, then every need, each once at a time. */
  settle(): void {
    for (let due = dueEvents(this.life, this.situation()); due.length > 0; due = dueEvents(this.life, this.situation())) this.record(due);
    for (const need of this.needs()) {
      // Questions are answered at once here: what they brought may have made the next need void.
      const still = this.needs().find((one) => one.key === need.key);
      if (still !== undefined && (this.#busyUntil.get(need.key) ?? 0) <= this.now) this.#meet(still);
    }
    this.#clearOrphans();
    this.#askOwners();
  }

  /** Whose the orders are that were filled: asked for after a while, as reports and fills overtake one another. */
  #askOwners(): void {
    for (const orderId of unclaimedOrders(this.life)) {
      const since = this.#unclaimed.get(orderId) ?? this.now;
      this.#unclaimed.set(orderId, since);
      const order = [...this.venue.orders.values()].find((one) => one.orderId === orderId);
      if (this.now - since >= 1_500 && order !== undefined) this.record([recognition(order, ownerOf(this.life, order, ['test']), this.now)]);
    }
  }

  /** One sent again under its id may stand although it had fired: what the venue lists and the life does not know goes, once the stop on record stands. */
  #clearOrphans(): void {
    const { stop, holding } = this.life;
    if (stop?.state !== 'placed' || holding.quantity.isZero() || !stop.quantity.isEqualTo(holding.quantity.abs())) return;
    for (const clientId of this.#orphans) if (clientId !== stop.clientId && !this.#inFlight.has(clientId)) this.#send({ kind: 'CANCEL', symbol: GPS, clientId, of: 'algo' });
    this.#orphans = [];
  }

  #meet(need: Need): void {
    switch (need.need) {
      case 'write':
        this.#busyUntil.set(need.key, this.now + 1_000);
        // A stray protection of ours at a symbol that was closed: it goes under an adoption of nothing.
        if (this.life.mandate === undefined) return this.#adopt();
        this.record(need.events);
        return this.#send(need.write);
      case 'ask-truth':
        return this.readTruth();
      case 'ask-algo':
        return this.#askAlgo(need.record.clientId);
      case 'ask-order': {
        this.#busyUntil.set(need.key, this.now + 1_000);
        this.readTruth();
        this.#askTrades();
        const { clientId } = need.order;
        const order = this.venue.orders.get(clientId);
        if (order !== undefined) return this.record(observeOrder(this.life, order, this.now));
        const count = (this.#absences.get(clientId) ?? 0) + 1;
        this.#absences.set(clientId, count);
        // The position agrees: everything the venue states is explained by trades that were counted.
        if (count < ABSENCES || !this.life.holding.quantity.isEqualTo(this.venue.position)) return;
        this.#absences.delete(clientId);
        return this.record([{ type: 'OrderAbsent', at: this.now, clientId }]);
      }
      case 'adopt':
        return this.#adopt();
    }
  }

  /** Takes what is held as it is, on record and with a mandate (ruling 26). */
  #adopt(): void {
    const { quantity, averageEntry } = this.life.holding;
    const positionId = this.life.positionId ?? (`adopted-${this.now}` as PositionId);
    const mandate: Mandate = { mandateId: `mandate-${positionId}-${this.now}` as MandateId, symbol: GPS, side: quantity.isNegative() ? 'SHORT' : 'LONG', maxQuantity: quantity.abs().toFixed() };
    this.#authority.issuer.restoreMandate(mandate);
    this.record([{ type: 'PositionAdopted', at: this.now, positionId, quantity: quantity.toFixed(), entryPrice: averageEntry.toFixed(), cause: 'test', mandate }]);
  }

  #askAlgo(clientId: ClientId): void {
    const key = `ask:${clientId}`;
    if ((this.#busyUntil.get(key) ?? 0) > this.now) return;
    this.#busyUntil.set(key, this.now + 1_000);
    const algo = this.venue.algos.get(clientId);
    if (algo !== undefined) return this.record(observeAlgo(this.life, algo, this.now));
    const count = (this.#absences.get(clientId) ?? 0) + 1;
    this.#absences.set(clientId, count);
    const protection = protectionOf(this.life, clientId);
    if (count < 2 || protection === undefined || protection.state === 'ended') return;
    this.#absences.delete(clientId);
    this.record([{ type: 'ProtectionLost', at: this.now, leg: protection.leg, clientId, cause: 'vanished' }]);
  }

  #askTrades(): void {
    this.record(observeTrades(this.life, this.venue.trades, this.now));
  }

  #send(write: VenueWrite): void {
    this.#durable = this.journal.length;
    if (write.kind !== 'OPEN') {
      const mandateId = this.life.mandate?.mandateId;
      const redeemed = mandateId === undefined ? undefined : this.#authority.redeemer.redeem(write, { by: 'mandate', mandateId }, 1);
      if (redeemed?.ok !== true) this.refused.push(`${write.kind}: ${redeemed?.detail ?? 'no mandate'}`);
    }
    if (write.kind === 'CANCEL') this.#watchCancel(write.clientId);
    if (write.kind === 'PROTECT' && write.leg === 'stop') this.#watchStop(write);
    this.#inFlight.add(write.clientId);
    this.wire.push({ write, at: this.now });
  }

  /** As far as is known here, what is held stays covered without the stop that goes (rulings 4 and 10). */
  #watchCancel(clientId: ClientId): void {
    const { holding } = this.life;
    const side = heldSide(this.life);
    if (side === undefined) return;
    const left = liveProtectionsOf(this.life).filter((one) => one.leg === 'stop' && one.clientId !== clientId && one.state === 'placed' && one.side === closingSide(side));
    if (!left.some((one) => one.quantity.isGreaterThanOrEqualTo(holding.quantity.abs()))) this.wrong.push(`cancels ${clientId} with ${holding.quantity.toFixed()} held and no other stop that covers it`);
  }

  /** A stop never stands further from the profit than one before it, for one side of one position. */
  #watchStop(write: Extract<VenueWrite, { kind: 'PROTECT' }>): void {
    const key = `${this.life.positionId} ${write.side}`;
    const before = this.#stops.get(key);
    const back = before !== undefined && (write.side === 'SELL' ? write.triggerPrice.isLessThan(before) : write.triggerPrice.isGreaterThan(before));
    if (back && this.life.stopMove !== undefined) this.wrong.push(`stop back from ${before.toFixed()} to ${write.triggerPrice.toFixed()}`);
    this.#stops.set(key, write.triggerPrice);
  }

  /** The wrong things that must never be so; undefined: none. */
  fault(): string | undefined {
    const doubled = [...this.venue.openings].find(([, count]) => count > 1);
    if (doubled !== undefined) return `entry ${doubled[0]} was executed ${doubled[1]} times`;
    if (openOrdersOf(this.life).filter((order) => order.purpose === 'reduce').length > 1) return 'two parts at once';
    const tier = this.#overdone();
    if (tier !== undefined) return tier;
    if (this.wrong.length > 0) return this.wrong.join('; ');
    return this.refused.length === 0 ? undefined : `refused writes: ${this.refused.join('; ')}`;
  }

  /** What the venue executed for a tier is at most what its one request said, and of all tiers at most what was held at the most. */
  #overdone(): string | undefined {
    const requests = new Map<string, Decimal>();
    const executed = new Map<string, Decimal>();
    let tier = '';
    for (const event of this.journal) {
      if (event.type === 'ReduceRequested') {
        tier = `${event.positionId}/${event.tier}`;
        if (requests.has(tier)) return `tier ${tier} was asked for twice`;
        requests.set(tier, decimal(event.quantity));
      }
      if (event.type === 'OrderSending' && event.purpose === 'reduce' && !this.#reduces.has(event.clientId)) this.#reduces.set(event.clientId, tier);
    }
    for (const trade of this.venue.trades) {
      const of = trade.clientId === undefined ? undefined : this.#reduces.get(trade.clientId);
      if (of !== undefined) executed.set(of, (executed.get(of) ?? ZERO).plus(trade.quantity));
    }
    const over = [...executed].find(([of, quantity]) => quantity.isGreaterThan(requests.get(of) ?? ZERO));
    return over === undefined ? undefined : `tier ${over[0]} executed ${over[1].toFixed()} of ${requests.get(over[0])?.toFixed() ?? 'nothing on record'}`;
  }

  /** What happened in this run of what reductions and stop moves can do. */
  happened(): string[] {
    const { journal } = this;
    const parts = journal.filter((event) => event.type === 'OrderSending').filter((event) => event.purpose === 'reduce');
    const ids = new Set(parts.map((event) => event.clientId));
    const of = (test: (event: LifeEvent) => boolean) => journal.some(test);
    const facts: readonly (readonly [string, boolean])[] = [
      ['part closed', this.venue.trades.some((trade) => trade.clientId !== undefined && ids.has(trade.clientId))],
      ['part closed in several orders', parts.some((event) => event.attempt > 1)],
      ['whole closed instead of a part', of((event) => event.type === 'CloseRequested' && event.detail !== undefined)],
      ['part ambiguous', of((event) => event.type === 'OrderAmbiguous' && ids.has(event.clientId))],
      ['part overtaken by a close', of((event) => event.type === 'CloseRequested') && parts.length > 0],
      ['stop moved', journal.some((event, index) => event.type === 'StopMoveRequested' && journal.slice(index).some((later) => later.type === 'ProtectionPlaced' && later.leg === 'stop'))],
      ['stop hit in profit', of((event) => event.type === 'PositionClosed' && event.reason === 'PROFIT_LOCK')],
    ];
    return facts.filter(([, so]) => so).map(([what]) => what);
  }

  /** Whether the symbol has come to rest: flat and clean, or held with exactly one stop of its size on its side, and one target. */
  unrest(): string | undefined {
    const { venue, life } = this;
    const standing = venue.openAlgos();
    const phase = phaseOf(life);
    const shown = `${phase}, holding ${life.holding.quantity.toFixed()}, venue ${venue.position}, ${standing.map((one) => `${one.type} ${one.side} ${one.quantity.toFixed()}`).join(', ') || 'no protection'}`;
    if (phase === 'Drifted') return life.drift?.isEqualTo(venue.position) === true && standing.length === 0 ? undefined : shown;
    if (phase === 'Flat') return venue.position === 0 && standing.length === 0 ? undefined : shown;
    const side = heldSide(life);
    const of = (type: string) => standing.filter((one) => one.type === type);
    const fits = standing.every((one) => side !== undefined && one.side === closingSide(side) && one.quantity.isEqualTo(Math.abs(venue.position)));
    return phase === 'Protected' && life.holding.quantity.isEqualTo(venue.position) && fits && of('STOP_MARKET').length === 1 && of('TAKE_PROFIT_MARKET').length === 1 ? undefined : shown;
  }
}
