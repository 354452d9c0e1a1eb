/** What happens in the tree, as it happens: nothing is missed that is kept, nothing is kept without end, nobody who has gone is written to. */
import { expect } from 'chai';
import { eventsEndpoint } from '../../src/operator/endpoints/events.ts';
import { EventLog } from '../../src/operator/event-log.ts';
import type { Decision } from '../../src/protocol/decisions.ts';
import type { DecisionLogMessage, HappenedMessage } from '../../src/protocol/messages.ts';
import type { AlertView } from '../../src/protocol/read-models.ts';
import type { SymbolName } from '../../src/protocol/names.ts';
import type { LifecycleEvent } from '../../src/supervision/inspection.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { run } from './kit/command.ts';
import { follow } from './kit/follow.ts';
import { puppet, SECRET } from './kit/puppet-actor.ts';
import type { PuppetMessage } from './kit/puppet-actor.ts';
import { onSocket, startService } from './kit/service.ts';
import type { TestService } from './kit/service.ts';

interface Sent {
  readonly id: number;
  readonly event: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- what a test looks into is what the interface promises
  readonly data: any;
}

/** The events of a stream, as a browser would understand them. */
function sent(text: string): Sent[] {
  return text.split('\n\n').slice(0, -1).filter((block) => !block.startsWith(':')).map((block) => {
    const fields = Object.fromEntries(block.split('\n').map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]));
    return { id: Number(fields['id']), event: String(fields['event']), data: JSON.parse(String(fields['data'])) as unknown };
  });
}

describe('GET /v1/events', () => {
  let service: TestService;
  const events = (query = '', headers: Record<string, string> = {}) => follow({ socketPath: service.addresses.socket, method: 'GET', path: `/v1/events${query}`, headers });
  const past = async (query: string, headers: Record<string, string> = {}) => sent(await (await events(`${query}&follow=false`, headers)).ended);
  const suspend = (path: string) => service.system.control(path, 'suspend', 'test');
  const resume = (path: string) => service.system.control(path, 'resume', 'test');

  before(async () => {
    service = await startService({ listen: 'off', children: (system) => [puppet(system, 'puppet', { now: true })] });
  });
  after(() => service.close());

  it('who does not follow is told all that is kept, and then the end', async () => {
    suspend('puppet');
    resume('puppet');
    const all = sent(await (await events('?follow=false')).ended);
    expect(all.slice(-2).map((one) => one.data.type)).to.deep.equal(['suspended', 'resumed']);
    expect(await past('?since=0')).to.deep.equal(all);
  });

  it('are server-sent events of what happens from now on, each with a number, a time and a path', async () => {
    const followed = await events();
    expect(followed.answer.headers['content-type']).to.equal('text/event-stream; charset=utf-8');
    suspend('market');
    resume('market');
    const [first, second] = sent(await followed.until((text) => text.includes('resumed')));
    followed.hangUp();
    expect(first).to.deep.include({ event: 'lifecycle' });
    expect(first?.data).to.include({ type: 'suspended', path: 'market' });
    expect(first?.data.at).to.match(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(second?.id).to.equal(first!.id + 1);
  });

  it('tell of crashes, parked messages, dead letters and restarts, and no secret', async () => {
    const followed = await events();
    const { incarnation } = service.system.inspect('puppet')!;
    service.system.tell(service.system.ref<PuppetMessage>('puppet'), { type: 'poison', apiSecret: SECRET });
    service.system.tell(service.system.ref('nobody'), { type: 'lost' });
    const text = await followed.until((come) => come.includes(`"started","path":"puppet","incarnation":${incarnation + 2}`));
    followed.hangUp();
    const types = sent(text).map(({ data }) => data.type as string);
    expect(types).to.include.members(['crashed', 'restarting', 'parked', 'dead-letter', 'started']);
    expect(text).not.to.contain(SECRET);
  });

  it('come from the past too: those kept after a number, also by the header of a browser that comes back', async () => {
    const all = await past('?since=0');
    expect(all.map(({ id }) => id)).to.deep.equal(all.map((_one, at) => all[0]!.id + at));
    const last = all.at(-1)!.id;
    expect((await past(`?since=${last - 1}`)).map(({ id }) => id)).to.deep.equal([last]);
    expect((await past('?', { 'last-event-id': String(last - 2) })).map(({ id }) => id)).to.deep.equal([last - 1, last]);
    // A number of an earlier process, which counted further.
    expect(await past(`?since=${last + 1_000}`)).to.have.length(all.length);
  });

  it('outlive the one who tells them: its own end is among them', async () => {
    const { incarnation } = service.system.inspect('operator/http')!;
    service.system.control('operator/http', 'kill', 'test');
    await service.started('operator/http', incarnation + 1);
    expect((await past('?since=0')).some(({ data }) => data.type === 'crashed' && data.path === 'operator/http')).to.equal(true);
  });

  for (const [query, field] of [['since=yesterday', 'since'], ['since=-1', 'since'], ['follow=perhaps', 'follow'], ['from=1', 'from']] as const) {
    it(`refuse ${query}, naming the field`, async () => {
      const { status, json } = await onSocket(service).get(`/v1/events?${query}`);
      expect([status, json.error.code, json.error.details.errors[0].field]).to.deep.equal([400, 'REQUEST_INVALID', field]);
    });
  }

  it('refuse a Last-Event-ID that is none, and answer HEAD without beginning', async () => {
    const reply = await onSocket(service).raw('GET', '/v1/events', undefined, { 'last-event-id': 'x' });
    expect([reply.status, reply.json.error.details.errors[0].field]).to.deep.equal([400, 'Last-Event-ID']);
    expect(await onSocket(service).raw('HEAD', '/v1/events')).to.include({ status: 200, text: '' });
  });

  it('are told to so many and no more, and to others once those have gone', async () => {
    const open = await Promise.all(Array.from({ length: 32 }, () => events()));
    const one = await onSocket(service).get('/v1/events');
    expect([one.status, one.json.error.code]).to.deep.equal([429, 'ACTION_REFUSED']);
    for (const followed of open) followed.hangUp();
    for (;;) {
      const again = await events();
      again.hangUp();
      if (again.answer.statusCode === 200) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
  });

  it('end with the service', async () => {
    const doomed = await startService({ listen: 'off' });
    const followed = await follow({ socketPath: doomed.addresses.socket, method: 'GET', path: '/v1/events' });
    await doomed.close();
    await followed.ended;
  });
});

function bench() {
  const tellers: ((event: LifecycleEvent) => void)[] = [];
  const clock = new VirtualClock();
  const log = new EventLog((listener) => tellers.push(listener), clock);
  return { clock, log, tell: (incarnation: number) => tellers[0]!({ type: 'started', path: 'a', incarnation }), tellOf: (event: LifecycleEvent) => tellers[0]!(event) };
}

describe('events of each kind', () => {
  const decision = (symbol: string, outcome: Decision['outcome'] = 'POSITION_OPEN'): HappenedMessage => ({ type: 'happened', what: 'decision', decision: { stage: 'intent', symbol: symbol as SymbolName, outcome, at: 1_770_000_000_000, by: 'bridge', inputs: { apiSecret: SECRET }, count: 1, lastAt: 1_770_000_000_000 } });
  const journalled = (type: string, payload: object, entity = 'symbol/币安人生USDT'): HappenedMessage => ({ type: 'happened', what: 'journalled', tookMs: 1.5, entries: [{ entity, sequence: 1, type, version: 1, at: 1_770_000_000_000, payload }] });
  const alert = (name: string): AlertView => ({ name, since: '2026-02-02T22:32:00.000Z', message: 'it stands' });
  const names = (log: EventLog) => log.after(0).map((one) => one.name);

  it('are decisions, orders, fills and alerts under their own names, numbered in one row, without secrets', () => {
    const { log, tell } = bench();
    tell(1);
    log.happened(decision('GPSUSDT'));
    log.happened(journalled('OrderSending', { clientId: 'c-1', purpose: 'entry' }));
    log.happened(journalled('FillRecorded', { price: '0.01' }));
    log.alerts([alert('flow/intents')]);
    expect(log.after(0).map((one) => [one.id, one.name])).to.deep.equal([[1, 'lifecycle'], [2, 'decision'], [3, 'order'], [4, 'fill'], [5, 'alert']]);
    const [, decided, order, fill, raised] = log.after(0).map((one) => one.event as unknown as Record<string, unknown>);
    expect(decided).to.deep.include({ type: 'decision', symbol: 'GPSUSDT', outcome: 'POSITION_OPEN', inputs: { apiSecret: '[redacted]' }, decidedAt: '2026-02-02T02:40:00.000Z' });
    expect(order).to.deep.include({ type: 'order', symbol: '币安人生USDT', happened: 'OrderSending', clientId: 'c-1', appendMs: 1.5, recordedAt: '2026-02-02T02:40:00.000Z' });
    expect(fill).to.include({ type: 'fill', happened: 'FillRecorded', price: '0.01' });
    expect(raised).to.include({ type: 'alert', state: 'raised', name: 'flow/intents' });
  });

  it('tell of an alert when it begins and when it is over, and not in between', () => {
    const { log } = bench();
    for (const standing of [[alert('a')], [alert('a'), alert('b')], [alert('b')], [alert('b')], []]) log.alerts(standing);
    expect(log.after(0).map(({ event }) => [(event as AlertView & { type: string }).name, (event as unknown as { state: string }).state])).to.deep.equal([['a', 'raised'], ['b', 'raised'], ['a', 'over'], ['b', 'over']]);
  });

  it('leave out what is told as a decision already, and what belongs to no symbol', () => {
    const { log } = bench();
    for (const type of ['IntentAccepted', 'PlanMade', 'PermitGranted', 'Snapshot']) log.happened(journalled(type, {}));
    log.happened(journalled('OperatorActed', {}, 'operator'));
    expect(names(log)).to.deep.equal([]);
  });

  it('push out none of another kind, however many come', () => {
    const { log, tell } = bench();
    tell(1);
    for (let count = 0; count < 1_500; count++) log.happened(decision(`S${count}`));
    expect(names(log).filter((name) => name === 'decision')).to.have.length(1_000);
    expect(names(log)[0]).to.equal('lifecycle');
  });

  it('can be asked for by name, with what was missed', async () => {
    const { clock, log, tell } = bench();
    log.happened(decision('A'));
    tell(1);
    log.happened(decision('B'));
    const answer = (query: string) => eventsEndpoint(log, clock).answer({ door: 'socket', rest: '', port: 0, query: new URLSearchParams(query), headers: {}, body: undefined });
    const written: string[] = [];
    (await answer('since=1&only=decision,alert')).stream!.open({ write: (text) => written.push(text) > 0, end: () => undefined });
    log.happened(decision('C'));
    tell(2);
    log.alerts([alert('x')]);
    expect(sent(written.join('')).map((one) => [one.id, one.event])).to.deep.equal([[3, 'decision'], [4, 'decision'], [6, 'alert']]);
    expect(() => answer('only=news')).to.throw(/only.*names among lifecycle, decision, order, fill, alert/);
  });

  it('come from the actors that run: a decision and an alert reach who follows', async () => {
    const service = await startService({ listen: 'off' });
    try {
      const followed = await follow({ socketPath: service.addresses.socket, method: 'GET', path: '/v1/events' });
      service.system.tell(service.system.ref<DecisionLogMessage>('operator/decision-log'), { type: 'decided', decision: { stage: 'permit', symbol: 'GPSUSDT' as SymbolName, outcome: 'EQUITY_STALE', at: 1_770_000_000_000, by: 'governor' } });
      service.facts.alerts = [alert('flow/prices')];
      const text = await followed.until((come) => come.includes('event: alert') && come.includes('event: decision'));
      followed.hangUp();
      expect(sent(text).find((one) => one.event === 'decision')?.data).to.include({ outcome: 'EQUITY_STALE', by: 'governor' });
      const lines = await run(['events', '--only', 'decision,alert', '--data-dir', service.dataDir]);
      expect(lines.out).to.match(/decision +GPSUSDT: permit EQUITY_STALE by governor\n.*alert +flow\/prices raised: it stands\n/);
    } finally {
      await service.close();
    }
  });
});

describe('a reader of events', () => {
  /** One that reads `takes` pieces, and is too slow for the next. */
  async function reader(takes: number) {
    const { clock, log, tell } = bench();
    const answer = await eventsEndpoint(log, clock).answer({ door: 'socket', rest: '', port: 0, query: new URLSearchParams(), headers: {}, body: undefined });
    const written: string[] = [];
    let ended = false;
    const gone = answer.stream!.open({ write: (text) => written.push(text) <= takes, end: () => void (ended = true) });
    return { clock, tell, written, gone, ended: () => ended };
  }

  it('is told now and then that we live, and nothing more once it has gone', async () => {
    const { clock, tell, written, gone } = await reader(100);
    expect(written).to.deep.equal([': still here\n\n']);
    clock.fireNext(clock.now() + 15_000);
    expect(written).to.have.length(2);
    gone();
    tell(1);
    expect(clock.fireNext(clock.now() + 60_000)).to.equal(false);
    expect(written).to.have.length(2);
  });

  it('that is too slow is ended, to come back with the number it has', async () => {
    const { tell, ended } = await reader(2);
    tell(1);
    expect(ended()).to.equal(false);
    tell(2);
    expect(ended()).to.equal(true);
  });
});

describe('the log of events', () => {

  it('keeps the last thousand', () => {
    const { log, tell } = bench();
    for (let incarnation = 1; incarnation <= 1_200; incarnation++) tell(incarnation);
    const kept = log.after(0);
    expect([kept.length, kept[0]?.id, kept.at(-1)?.id]).to.deep.equal([1_000, 201, 1_200]);
  });

  it('keeps escalations apart, however much happens after them', () => {
    const { clock, log, tell, tellOf } = bench();
    tellOf({ type: 'escalated', path: 'venue', incarnation: 1, child: 'gateway', reason: `token=${SECRET}` });
    for (let incarnation = 1; incarnation <= 2_000; incarnation++) tell(incarnation);
    expect(log.escalations).to.deep.equal([{ path: 'venue', child: 'gateway', reason: 'token=[redacted]', at: clock.now() }]);
  });

  it('tells whoever follows, until they stop', () => {
    const { log, tell } = bench();
    const heard: number[] = [];
    const stop = log.follow(({ id }) => heard.push(id));
    tell(1);
    stop();
    tell(2);
    expect(heard).to.deep.equal([1]);
  });
});
