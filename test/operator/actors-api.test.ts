/** Actors over the API: what is known of one, who is the busiest, what can be done to one, and its messages as they pass. */
import { expect } from 'chai';
import { supervisor } from '../../src/supervision/child-spec.ts';
import type { LifecycleEvent } from '../../src/supervision/inspection.ts';
import type { TraceEvent } from '../../src/supervision/cell/tracer.ts';
import { follow, lines } from './kit/follow.ts';
import { puppet, SECRET } from './kit/puppet-actor.ts';
import type { PuppetMessage } from './kit/puppet-actor.ts';
import { onSocket, startService } from './kit/service.ts';
import type { Reply, TestService } from './kit/service.ts';

const poisonous = { now: true };

function expectError(reply: Reply, status: number, code: string): void {
  expect([reply.status, reply.json?.error?.code], reply.text).to.deep.equal([status, code]);
}

describe('actors over the API', () => {
  let service: TestService;
  let api: ReturnType<typeof onSocket>;
  const tell = (message: PuppetMessage, to = 'puppet') => service.system.tell(service.system.ref<PuppetMessage>(to), message, 'the test');
  /** The next event of the tree that matches. */
  const happens = (matches: (event: LifecycleEvent) => boolean) =>
    new Promise<LifecycleEvent & { readonly incarnation: number }>((resolve) => {
      const off = service.system.subscribe((event) => {
        if (!matches(event) || !('incarnation' in event)) return;
        off();
        resolve(event);
      });
    });
  /** Parks one message; resolves when the actor has gone on without it. */
  const park = async () => {
    poisonous.now = true;
    const parked = happens((event) => event.type === 'parked');
    tell({ type: 'poison', apiSecret: SECRET });
    const { incarnation } = await parked;
    await service.started('puppet', incarnation + 1);
  };

  before(async () => {
    service = await startService({
      listen: 'off',
      children: (system) => [
        puppet(system, 'puppet', poisonous),
        puppet(system, 'slow-to-return', poisonous, { policy: { backoff: { minMs: 60_000, maxMs: 60_000 } } }),
        puppet(system, 'one-off', poisonous, { restart: 'transient' }),
        supervisor('room', 'gives up at once', [puppet(system, 'room/puppet', poisonous)], { intensity: { limit: 0, windowMs: 1_000, whenSpent: 'escalate' }, policy: { backoff: { minMs: 0, maxMs: 0 } } }),
      ],
    });
    api = onSocket(service);
  });
  after(() => service.close());

  describe('one actor', () => {
    it('is shown with its accounts, timing, watchers, last exit and how it is restarted', async () => {
      tell({ type: 'work' });
      const { json } = await api.get('/v1/actors/puppet');
      expect(json).to.include.keys('path', 'role', 'kind', 'status', 'incarnation', 'restart', 'restarts', 'restartBudget', 'lastExit', 'mailbox', 'handled', 'lastMessageAt', 'purpose', 'state', 'accounts', 'timing', 'recentMessages', 'crashes', 'parked', 'effects', 'watchedBy');
      expect(json).to.include({ restart: 'permanent', lastExit: null });
      const { received, handled, queued, parked, flushed, dropped, dead } = json.accounts;
      expect(received).to.equal(1).and.to.equal(handled + queued + parked + flushed + dropped + dead);
      expect(json.timing.serviceMs).to.have.all.keys('count', 'p50', 'p99', 'max');
    });

    it('shows what it parked, and no secret: not of its state, not of a message, not of an error', async () => {
      await park();
      const { json, text } = await api.get('/v1/actors/puppet');
      expect(json.state).to.deep.equal({ count: 0, apiSecret: '[redacted]' });
      expect(json.parked).to.have.length(1);
      expect(json.parked[0]).to.include({ type: 'poison', from: 'the test', payload: '{"type":"poison","apiSecret":"[redacted]"}' });
      expect(json.lastExit).to.include({ kind: 'crashed' });
      expect(json.lastExit.reason).to.contain('cannot take it');
      expect(text).not.to.contain(SECRET);
      expect((await api.get('/v1/tree')).text).not.to.contain(SECRET);
    });

    it('shows its state while it is suspended, and none, with the reason and at once, while it is away', async () => {
      service.system.control('puppet', 'suspend', 'test');
      expect((await api.get('/v1/actors/puppet')).json).to.deep.include({ status: 'suspended', state: { count: 0, apiSecret: '[redacted]' } });
      service.system.control('puppet', 'resume', 'test');
      service.system.control('slow-to-return', 'kill', 'test');
      const { json } = await api.get('/v1/actors/slow-to-return');
      expect(json).to.include({ status: 'restarting', state: null, stateUnknown: 'slow-to-return is restarting' });
      expect(json).to.include.keys('accounts', 'crashes', 'parked');
    });

    it('health names who has parked how many, and is well when they are given up', async () => {
      const check = async () => (await api.get('/v1/health')).json.checks.find((one: { name: string }) => one.name === 'parked');
      expect(await check()).to.include({ status: 'degraded' });
      expect((await check()).message).to.contain('puppet has parked 1');
      expect((await api.post('/v1/actors/puppet/discard', { reason: 'looked at it' })).json).to.include({ action: 'discard', messages: 1 });
      expect(await check()).to.include({ status: 'ok' });
      expect((await api.get('/v1/actors/puppet')).json.accounts).to.include({ parked: 0, dead: 1 });
    });

    it('health tells of a supervisor that gave up, after it has come back too', async () => {
      const back = happens((event) => event.type === 'started' && event.path === 'room');
      service.system.control('room/puppet', 'kill', `token=${SECRET}`);
      await back;
      const check = (await api.get('/v1/health')).json.checks.find((one: { name: string }) => one.name === 'escalations');
      expect(check).to.include({ status: 'degraded' });
      expect(check.message).to.match(/^room gave up on room\/puppet: killed: token=\[redacted\]$/);
    });

    it('what ended in order and need not be there is no fault', async () => {
      const ended = happens((event) => event.type === 'stopped' && event.path === 'one-off');
      tell({ type: 'end' }, 'one-off');
      await ended;
      const node = (await api.get('/v1/actors/one-off')).json;
      expect(node).to.deep.include({ status: 'stopped', restart: 'transient' });
      expect(node.lastExit).to.include({ kind: 'normal', reason: 'its work is done' });
      const { checks } = (await api.get('/v1/health')).json;
      expect(checks[0].message).not.to.contain('one-off');
      expect(checks[0].status).not.to.equal('failing');
    });
  });

  describe('the top', () => {
    it('has the first by what was asked for, so many as were asked for', async () => {
      service.system.control('puppet', 'suspend', 'test');
      for (let count = 0; count < 3; count++) tell({ type: 'work' });
      const { json } = await api.get('/v1/actors?sort=queue&n=2&windowMs=0');
      service.system.control('puppet', 'resume', 'test');
      expect(json).to.include({ sort: 'queue', windowMs: 0 });
      expect(json.actors).to.have.length(2);
      expect(json.actors[0]).to.have.all.keys('path', 'incarnation', 'queue', 'ageMs', 'timeMs', 'share', 'handled', 'restarts');
      expect(json.actors[0]).to.include({ path: 'puppet', queue: 3 });
    });

    it('counts what happened within the window alone', async () => {
      const asked = api.get('/v1/actors?sort=handled&n=1&windowMs=150');
      const sending = setInterval(() => tell({ type: 'work' }), 10);
      const { json } = await asked;
      clearInterval(sending);
      expect(json.actors[0].path).to.equal('puppet');
      expect(json.actors[0].handled).to.be.within(1, 20);
    });

    for (const [query, field, expected] of [['sort=cpu', 'sort', 'one of queue'], ['n=0', 'n', '1 to 1000'], ['n=many', 'n', 'a whole number'], ['n=1001', 'n', '1 to 1000'], ['windowMs=-1', 'windowMs', 'milliseconds'], ['windowMs=60001', 'windowMs', '0 to 60000'], ['sorted=queue', 'sorted', 'no such field']] as const) {
      it(`refuses ${query}, naming the field, the value and what is expected`, async () => {
        const reply = await api.get(`/v1/actors?${query}`);
        expectError(reply, 400, 'REQUEST_INVALID');
        const [error] = reply.json.error.details.errors;
        expect(error).to.include({ field });
        expect(error.expected).to.contain(expected);
        expect(reply.json.error.message).to.contain(field).and.to.contain('got');
      });
    }
  });

  describe('acts', () => {
    it('unpark gives the actor its messages once more', async () => {
      await park();
      poisonous.now = false;
      const { json } = await api.post('/v1/actors/puppet/unpark', { reason: 'mended' });
      expect(json).to.include({ path: 'puppet', action: 'unpark', messages: 1 });
      expect((await api.get('/v1/actors/puppet')).json.state.count).to.be.at.least(100);
      expect((await api.get('/v1/actors/puppet')).json.parked).to.deep.equal([]);
    });

    it('reset-stats begins the timing anew, and leaves the accounts', async () => {
      const { handled } = (await api.get('/v1/actors/puppet')).json.accounts;
      expect((await api.post('/v1/actors/puppet/reset-stats', { reason: 'after the repair' })).status).to.equal(202);
      const { timing, accounts } = (await api.get('/v1/actors/puppet')).json;
      expect([timing.waitMs.count, timing.serviceMs.max, accounts.handled]).to.deep.equal([0, 0, handled]);
    });

    it('suspend and resume may come twice, and health lists who is suspended', async () => {
      for (const action of ['suspend', 'suspend']) expect((await api.post(`/v1/actors/puppet/${action}`, { reason: 'x' })).status).to.equal(202);
      expect((await api.get('/v1/health')).json.checks[0].message).to.contain('puppet is suspended');
      for (const action of ['resume', 'resume']) expect((await api.post(`/v1/actors/puppet/${action}`, { reason: 'x' })).status).to.equal(202);
      expect(service.system.inspect('puppet')?.status).to.equal('running');
    });

    it('each has a reason, is audited, and is refused where it means nothing', async () => {
      service.audit.length = 0;
      for (const action of ['unpark', 'discard', 'reset-stats']) {
        expectError(await api.post(`/v1/actors/puppet/${action}`, {}), 400, 'REQUEST_INVALID');
        expectError(await api.post(`/v1/actors/executors/${action}`, { reason: 'x' }), 409, 'ACTION_REFUSED');
        expectError(await api.post(`/v1/actors/nobody/${action}`, { reason: 'x' }), 404, 'ACTOR_NOT_FOUND');
        expectError(await api.get(`/v1/actors/puppet/${action}`), 405, 'REQUEST_INVALID');
      }
      expectError(await api.post('/v1/actors/one-off/unpark', { reason: 'x' }), 409, 'ACTION_REFUSED');
      expect(service.audit).to.deep.equal([]);
      await api.post('/v1/actors/puppet/discard', { reason: 'tidy' });
      expect(service.audit).to.deep.equal([{ action: 'discard', target: 'puppet', reason: 'tidy', by: 'operator@socket' }]);
    });

    it('dead letters are forgotten when somebody says so; their counts stay', async () => {
      tell({ type: 'work' }, 'nobody');
      const before = (await api.get('/v1/deadletters')).json;
      expectError(await api.post('/v1/deadletters/clear', {}), 400, 'REQUEST_INVALID');
      service.audit.length = 0;
      expect((await api.post('/v1/deadletters/clear', { reason: 'read' })).json).to.deep.equal({ cleared: before.recent.length });
      expect((await api.get('/v1/deadletters')).json).to.deep.equal({ ...before, recent: [] });
      expect(service.audit).to.deep.equal([{ action: 'clear-dead-letters', target: 'service', reason: 'read', by: 'operator@socket' }]);
      expectError(await api.get('/v1/deadletters/clear'), 405, 'REQUEST_INVALID');
    });
  });

  describe('a trace', () => {
    const trace = (body: object, path = 'puppet', read = true) => follow({ socketPath: service.addresses.socket, method: 'POST', path: `/v1/actors/${path}/trace` }, { reason: 'test', messages: 100, ms: 60_000, ...body }, read);
    /** What the traces of the core tell, and that they end, whoever reads. */
    const heard: TraceEvent[] = [];
    before(() => {
      const whole = service.system.trace.bind(service.system);
      service.system.trace = (path, limits, listener) =>
        whole(path, limits, (event) => {
          heard.push(event);
          listener(event);
        });
    });
    beforeEach(() => {
      heard.length = 0;
    });
    /** Resolves when the tracer is gone. */
    const over = async () => {
      while (heard.at(-1)?.direction !== 'end') await new Promise((resolve) => setImmediate(resolve));
    };

    it('is lines of JSON: what comes in, what goes out and whether it was taken, and how it ended', async () => {
      const followed = await trace({ messages: 3 });
      expect(followed.answer.statusCode).to.equal(200);
      expect(followed.answer.headers['content-type']).to.equal('application/x-ndjson; charset=utf-8');
      tell({ type: 'pass-on' });
      tell({ type: 'work', apiSecret: SECRET });
      const [out, first, second, end] = lines(await followed.ended);
      expect(out).to.include({ direction: 'out', type: 'work', to: 'nobody', accepted: false });
      expect(first).to.include({ direction: 'in', type: 'pass-on', from: 'the test' }).and.to.include.keys('at', 'incarnation', 'queueMs', 'serviceMs');
      expect(second).to.include({ direction: 'in', type: 'work' }).and.not.to.have.property('payload');
      expect([first.queueMs, first.serviceMs].map((ms) => Math.round(ms * 1_000) / 1_000)).to.deep.equal([first.queueMs, first.serviceMs]);
      expect(end).to.include({ direction: 'end', reason: 'messages', events: 3 });
    });

    it('shows what messages carry only where that was asked for, and never a secret', async () => {
      const followed = await trace({ messages: 1, payload: true });
      tell({ type: 'work', apiSecret: SECRET, note: `password=${SECRET} 看` });
      const text = await followed.ended;
      expect(lines(text)[0].payload).to.contain('看').and.to.contain('"apiSecret":"[redacted]"');
      expect(text).not.to.contain(SECRET);
    });

    it('ends when its time is over', async () => {
      const followed = await trace({ ms: 30 });
      expect(lines(await followed.ended)).to.have.length(1);
      expect(heard).to.have.length(1);
      expect(heard[0]).to.include({ direction: 'end', reason: 'time' });
    });

    it('is gone when its reader is', async () => {
      const followed = await trace({});
      tell({ type: 'work' });
      await followed.until((text) => text.includes('"work"'));
      followed.hangUp();
      await over();
      const before = heard.length;
      tell({ type: 'work' });
      await api.get('/v1/actors/puppet');
      expect(heard).to.have.length(before);
    });

    it('is given up when its reader does not read', async () => {
      const followed = await trace({ messages: 10_000, payload: true }, 'puppet', false);
      for (let count = 0; count < 5_000; count++) tell({ type: 'work', note: 'x'.repeat(900) });
      await over();
      followed.hangUp();
      expect(heard.at(-1)).to.include({ direction: 'end', reason: 'asked' });
      expect(heard.length).to.be.below(5_000);
    });

    it('gives way to another of the same actor', async () => {
      const first = await trace({});
      const second = await trace({});
      expect(lines(await first.ended).at(-1)).to.include({ direction: 'end', reason: 'asked' });
      second.hangUp();
      await over();
    });

    it('goes on over a restart of the actor', async () => {
      const followed = await trace({ messages: 2 });
      const { incarnation } = service.system.inspect('puppet')!;
      tell({ type: 'work' });
      await followed.until((text) => text.includes('"work"'));
      service.system.control('puppet', 'kill', 'test');
      await service.started('puppet', incarnation + 1);
      tell({ type: 'work' });
      expect(lines(await followed.ended).map((one) => one.incarnation)).to.deep.equal([incarnation, incarnation + 1, undefined]);
    });

    for (const [name, body, field] of [['no limit of messages', { messages: undefined }, 'messages'], ['no limit of time', { ms: undefined }, 'ms'], ['a limit of nothing', { messages: 0 }, 'messages'], ['more than there may be', { messages: 10_001 }, 'messages'], ['half a message', { messages: 1.5 }, 'messages'], ['a time as text', { ms: '1000' }, 'ms'], ['a time without end', { ms: 600_001 }, 'ms'], ['a payload that is neither', { payload: 'yes' }, 'payload'], ['no reason', { reason: '' }, 'reason'], ['an unknown field', { rate: 1 }, 'rate']] as const) {
      it(`refuses ${name}, and traces nothing`, async () => {
        service.audit.length = 0;
        const reply = await api.post('/v1/actors/puppet/trace', { reason: 'x', messages: 1, ms: 1, ...body });
        expectError(reply, 400, 'REQUEST_INVALID');
        expect(reply.json.error.details.errors[0].field).to.equal(field);
        expect([service.audit, heard]).to.deep.equal([[], []]);
      });
    }

    it('is refused for a supervisor and for nobody, and is audited', async () => {
      const body = { reason: 'why so slow', messages: 1, ms: 1 };
      expectError(await api.post('/v1/actors/executors/trace', body), 409, 'ACTION_REFUSED');
      expectError(await api.post('/v1/actors/nobody/trace', body), 404, 'ACTOR_NOT_FOUND');
      expectError(await api.get('/v1/actors/puppet/trace'), 405, 'REQUEST_INVALID');
      service.audit.length = 0;
      await (await trace({ ms: 1, reason: 'why so slow' })).ended;
      expect(service.audit).to.deep.equal([{ action: 'trace', target: 'puppet', reason: 'why so slow', by: 'operator@socket' }]);
    });

    it('does not end the actor that is followed, however the reader behaves', () => {
      expect(service.logged.filter(({ message }) => message.includes('listener'))).to.deep.equal([]);
      expect(service.system.inspect('puppet')?.status).to.equal('running');
    });
  });
});
