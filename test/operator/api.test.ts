/** The API over the admin socket: every endpoint, and every way in which a request can be wrong. */
import { connect } from 'node:net';
import { expect } from 'chai';
import type { DecisionLogMessage } from '../../src/protocol/messages.ts';
import { life, position } from './kit/readings.ts';
import { flat, GPS, onSocket, RACOON, startService } from './kit/service.ts';
import type { Reply, TestService } from './kit/service.ts';

const racoonPath = `executor/${encodeURIComponent(RACOON)}`;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function expectError(reply: Reply, status: number, code: string): void {
  expect(reply.json).to.have.keys('error');
  expect(reply.json.error).to.have.all.keys('code', 'message', 'details');
  expect([reply.status, reply.json.error.code]).to.deep.equal([status, code]);
  expect(reply.headers['content-type']).to.equal('application/json; charset=utf-8');
}

describe('operator API', () => {
  let service: TestService;
  let api: ReturnType<typeof onSocket>;

  before(async () => {
    service = await startService({ listen: 'off' });
    api = onSocket(service);
  });
  after(() => service.close());

  describe('reading', () => {
    it('help is the table of what there is', async () => {
      const { status, json } = await api.get('/v1/help');
      expect(status).to.equal(200);
      const rows = json.endpoints.map((one: { method: string; path: string }) => `${one.method} ${one.path}`);
      expect(rows).to.include.members(['GET /v1/help', 'GET /v1/health', 'GET /v1/tree', 'GET /v1/actors/PATH', 'GET /v1/actors', 'POST /v1/actors/PATH', 'GET /v1/events', 'POST /v1/deadletters/clear', 'GET /v1/funnel', 'GET /v1/positions', 'GET /v1/deadletters', 'GET /v1/universe', 'GET /v1/account', 'POST /v1/trading/halt', 'POST /v1/trading/reduce', 'POST /v1/trading/activate', 'POST /v1/stop']);
    });

    it('health has the fields of the interface, and 200 while it is not failing', async () => {
      const { status, json } = await api.get('/v1/health');
      expect(status).to.equal(200);
      expect(json).to.have.all.keys('status', 'tradingState', 'mode', 'pid', 'incarnation', 'uptimeMs', 'configHash', 'buildId', 'checks');
      expect(json).to.include({ status: 'ok', tradingState: 'ACTIVE', mode: 'paper', pid: process.pid, incarnation: 7, configHash: 'c0ffee', buildId: 'test' });
      expect(json.uptimeMs).to.be.within(60_000, 120_000);
      for (const check of json.checks) expect(check).to.have.all.keys('name', 'status', 'message', 'ageMs');
    });

    it('the tree is that of the system, with the fields of the interface', async () => {
      const { json } = await api.get('/v1/tree');
      expect(json).to.include({ path: 'vigil', kind: 'supervisor', status: 'running' });
      expect(json.children.map((one: { path: string }) => one.path)).to.deep.equal(['journal', 'operator', 'market', 'universe', 'account', 'locks', 'trading-state', 'executors', 'readiness', 'watchdog']);
      expect(json.children[0]).to.have.all.keys('path', 'role', 'kind', 'status', 'incarnation', 'restarts', 'restartBudget', 'restart', 'lastExit', 'mailbox', 'handled', 'lastMessageAt', 'children');
    });

    it('one actor is found by its path, percent-encoded per segment or as a whole', async () => {
      for (const path of [racoonPath, encodeURIComponent(`executor/${RACOON}`), `executor%2F${encodeURIComponent(RACOON)}`]) {
        const { status, json } = await api.get(`/v1/actors/${path}`);
        expect(status, path).to.equal(200);
        expect(json.path).to.equal(`executor/${RACOON}`);
        expect(json).to.include.keys('state', 'recentMessages', 'crashes');
        expect(json.state.life.phase).to.equal('Flat');
      }
    });

    it('a path in plain UTF-8, as curl sends it, is told how to come', async () => {
      const answer = await new Promise<string>((resolve, reject) => {
        let text = '';
        const socket = connect(service.addresses.socket, () => socket.end(`GET /v1/actors/executor/${RACOON} HTTP/1.1\r\nHost: vigil\r\nConnection: close\r\n\r\n`));
        socket.on('data', (part: Buffer) => (text += part.toString()));
        socket.on('end', () => resolve(text));
        socket.on('error', reject);
      });
      expect(answer).to.match(/^HTTP\/1.1 400 /).and.to.contain('REQUEST_INVALID').and.to.contain('percent-encoded');
    });

    it('a supervisor and the root are found as well', async () => {
      expect((await api.get('/v1/actors/executors')).json.children).to.have.length(2);
      expect((await api.get('/v1/actors/vigil')).json.kind).to.equal('supervisor');
    });

    it('an actor that is not there is ACTOR_NOT_FOUND, a broken encoding REQUEST_INVALID', async () => {
      expectError(await api.get('/v1/actors/nobody'), 404, 'ACTOR_NOT_FOUND');
      expectError(await api.get('/v1/actors/executor/%E5%B8'), 400, 'REQUEST_INVALID');
      expectError(await api.get('/v1/actors/executor/%zz'), 400, 'REQUEST_INVALID');
    });

    it('the universe and the account are what their actors show, without secrets', async () => {
      expect((await api.get('/v1/universe')).json).to.deep.include({ version: 3, symbols: [GPS, RACOON] });
      expect((await api.get('/v1/account')).json).to.deep.equal({ equity: '10000.5', apiKey: '[redacted]', observedAt: 1 });
    });

    it('the funnel answers the window asked for, an hour if none', async () => {
      service.system.tell(service.system.ref<DecisionLogMessage>('operator/decision-log'), { type: 'decided', decision: { stage: 'intent', symbol: RACOON, outcome: 'POSITION_OPEN', at: Date.now(), by: 'bridge' } });
      const { json } = await api.get('/v1/funnel');
      expect(json.windowMs).to.equal(3_600_000);
      expect(json.stages[1]).to.deep.include({ stage: 'intent', in: 1, out: 0, refused: { POSITION_OPEN: 1 } });
      expect(json.stages[1].lastAt).to.match(ISO);
      expect((await api.get('/v1/funnel?windowMs=60000')).json.windowMs).to.equal(60_000);
    });

    for (const query of ['windowMs=soon', 'windowMs=-1', 'windowMs=0', 'windowMs=1.5', 'windowMs=86400001', 'windowMs=', 'windowms=1']) {
      it(`the funnel refuses ${query}, naming the field, the value and what is expected`, async () => {
        const reply = await api.get(`/v1/funnel?${query}`);
        expectError(reply, 400, 'REQUEST_INVALID');
        const [error] = reply.json.error.details.errors;
        expect(error).to.have.all.keys('field', 'value', 'expected');
        expect(error.field).to.equal(query.split('=')[0]);
      });
    }

    it('positions are rows of the interface, with the mark and the profit', async () => {
      service.facts.lives.set(RACOON, life(RACOON, 'Protected', position({ quantity: '100', entryPrice: '1.4', side: 'SHORT' })));
      const { json } = await api.get('/v1/positions');
      service.facts.lives.set(RACOON, flat(RACOON));
      expect(json).to.have.length(1);
      expect(json[0]).to.include({ symbol: RACOON, side: 'SHORT', markPrice: '1.5', unrealizedPnl: '-10', state: 'Protected' });
    });

    it('a mark that is old, or a market that shows none, makes the profit unknown', async () => {
      service.facts.lives.set(RACOON, life(RACOON, 'Protected', position()));
      const { market } = service.facts;
      for (const broken of [{ symbols: [{ symbol: RACOON, mark: '1.5', markAgeMs: 31_000 }] }, { symbols: [{ symbol: RACOON, mark: null }] }, { symbols: 'none' }, null]) {
        service.facts.market = broken;
        expect((await api.get('/v1/positions')).json[0]).to.include({ markPrice: null, unrealizedPnl: null });
      }
      service.facts.market = market;
      service.facts.lives.set(RACOON, flat(RACOON));
    });

    it('dead letters are counted by reason and shown newest first, with ISO times', async () => {
      service.system.tell(service.system.ref('nobody/1'), { type: 'lost' });
      service.system.tell(service.system.ref('nobody/2'), { type: 'lost' });
      const { json } = await api.get('/v1/deadletters');
      expect(json.total).to.equal(2);
      expect(json.counts).to.deep.equal({ 'unknown-ref': 2 });
      expect(json.recent.map((one: { to: string }) => one.to)).to.deep.equal(['nobody/2', 'nobody/1']);
      expect(json.recent[0].at).to.match(ISO);
    });

    it('HEAD is answered as GET, without a body', async () => {
      const reply = await api.raw('HEAD', '/v1/tree');
      expect([reply.status, reply.text]).to.deep.equal([200, '']);
    });
  });

  describe('what is not known', () => {
    it('a suspended actor is not asked in vain: STATE_UNKNOWN, and health says so', async () => {
      await api.post('/v1/actors/operator/decision-log/suspend', { reason: 'test' });
      await api.post('/v1/actors/account/suspend', { reason: 'test' });
      expectError(await api.get('/v1/funnel'), 503, 'STATE_UNKNOWN');
      expectError(await api.get('/v1/account'), 503, 'STATE_UNKNOWN');
      const { json } = await api.get('/v1/health');
      expect(json.status).to.equal('degraded');
      expect(json.checks[0].message).to.contain('account is suspended').and.to.contain('operator/decision-log is suspended');
      await api.post('/v1/actors/operator/decision-log/resume', { reason: 'test' });
      await api.post('/v1/actors/account/resume', { reason: 'test' });
      expect((await api.get('/v1/funnel')).status).to.equal(200);
    });

    it('a readiness that takes the question and never answers is failing within the second, with 503', async () => {
      const known = service.facts.readiness;
      service.facts.readiness = 'silent';
      const askedAt = performance.now();
      const { status, json } = await api.get('/v1/health');
      service.facts.readiness = known;
      expect([status, json.status]).to.deep.equal([503, 'failing']);
      expect(json.checks.find((one: { name: string }) => one.name === 'readiness')).to.include({ status: 'failing' });
      expect(performance.now() - askedAt, 'the question has a second').to.be.below(4_000);
    });
  });

  describe('control of actors', () => {
    it('kill answers 202 with the incarnation it fell upon, and a new one follows', async () => {
      const { incarnation } = service.system.inspect('market')!;
      const reply = await api.post('/v1/actors/market/kill', { reason: 'to see it come back' });
      expect(reply.status).to.equal(202);
      expect(reply.json).to.deep.equal({ path: 'market', action: 'kill', incarnation });
      await service.started('market', incarnation + 1);
      const after = (await api.get('/v1/actors/market')).json;
      expect(after.crashes.at(-1).reason).to.contain('to see it come back');
      expect(after.crashes.at(-1).at).to.match(ISO);
    });

    it('restart, suspend and resume act on a path with a name that is not ASCII', async () => {
      expect((await api.post(`/v1/actors/${racoonPath}/suspend`, { reason: 'test' })).status).to.equal(202);
      expect((await api.get(`/v1/actors/${racoonPath}`)).json.status).to.equal('suspended');
      expect((await api.post(`/v1/actors/${racoonPath}/resume`, { reason: 'test' })).status).to.equal(202);
      expect((await api.get(`/v1/actors/${racoonPath}`)).json.status).to.equal('running');
      const { json } = await api.post(`/v1/actors/${encodeURIComponent(`executor/${RACOON}`)}/restart`, { reason: 'test' });
      await service.started(`executor/${RACOON}`, json.incarnation + 1);
    });

    it('every act is audited with its reason, and before it is done', async () => {
      service.audit.length = 0;
      await api.post('/v1/actors/market/suspend', { reason: '  看一下  ' });
      await api.post('/v1/actors/market/resume', { reason: 'done' });
      expect(service.audit).to.deep.equal([
        { action: 'suspend', target: 'market', reason: '看一下', by: 'operator@socket' },
        { action: 'resume', target: 'market', reason: 'done', by: 'operator@socket' },
      ]);
    });

    for (const [name, body, field] of [['no body', undefined, 'reason'], ['no reason', {}, 'reason'], ['an empty reason', { reason: '  ' }, 'reason'], ['a reason that is no text', { reason: 7 }, 'reason'], ['an unknown field', { reason: 'x', force: true }, 'force'], ['a reason without end', { reason: 'x'.repeat(501) }, 'reason']] as const) {
      it(`${name} is refused, and nothing is done`, async () => {
        const before = service.system.inspect('market')!.incarnation;
        service.audit.length = 0;
        const reply = await api.post('/v1/actors/market/kill', body);
        expectError(reply, 400, 'REQUEST_INVALID');
        expect(reply.json.error.details.errors[0].field).to.equal(field);
        expect(reply.json.error.message).to.contain(field);
        expect(service.system.inspect('market')).to.include({ status: 'running', incarnation: before });
        expect(service.audit).to.deep.equal([]);
      });
    }

    it('the root is not killed, supervisors are not suspended, unknown actors and actions are said to be so', async () => {
      expectError(await api.post('/v1/actors/vigil/kill', { reason: 'x' }), 409, 'ACTION_REFUSED');
      expectError(await api.post('/v1/actors/executors/suspend', { reason: 'x' }), 409, 'ACTION_REFUSED');
      expectError(await api.post('/v1/actors/nobody/kill', { reason: 'x' }), 404, 'ACTOR_NOT_FOUND');
      expectError(await api.post('/v1/actors/market/explode', { reason: 'x' }), 404, 'NOT_FOUND');
      expectError(await api.post('/v1/actors/kill', { reason: 'x' }), 404, 'ACTOR_NOT_FOUND');
    });

    it('a supervisor can be killed, and comes back with its children', async () => {
      const { incarnation } = service.system.inspect(`executor/${GPS}`)!;
      expect((await api.post('/v1/actors/executors/kill', { reason: 'x' })).status).to.equal(202);
      await service.started(`executor/${GPS}`, incarnation + 1);
      await service.started('executors', 2);
      expect((await api.get('/v1/health')).json.status).to.equal('ok');
    });
  });

  describe('orders of the operator', () => {
    it('halt, reduce and activate answer the new state', async () => {
      for (const [action, state] of [['halt', 'HALTED'], ['reduce', 'REDUCING'], ['activate', 'ACTIVE']]) {
        const { status, json } = await api.post(`/v1/trading/${action}`, { reason: `to ${action}` });
        expect(status).to.equal(200);
        expect(json).to.have.all.keys('overall', 'symbols', 'cause', 'since', 'tradingEpoch');
        expect(json).to.include({ overall: state, cause: `to ${action}` });
        expect(json.since).to.match(ISO);
        expect((await api.get('/v1/health')).json.tradingState).to.equal(state);
      }
    });

    it('one symbol has a state of its own, and only a symbol of the universe', async () => {
      const { json } = await api.post('/v1/trading/halt', { reason: 'news', symbol: RACOON });
      expect(json).to.deep.include({ overall: 'ACTIVE', symbols: { [RACOON]: 'HALTED' } });
      service.audit.length = 0;
      const reply = await api.post('/v1/trading/halt', { reason: 'news', symbol: 'GPSUSD' });
      expectError(reply, 400, 'REQUEST_INVALID');
      expect(reply.json.error.details.errors[0]).to.include({ field: 'symbol', value: 'GPSUSD' });
      expect(service.audit).to.deep.equal([]);
      await api.post('/v1/trading/activate', { reason: 'over', symbol: RACOON });
    });

    it('a refusal of the trading state is ACTION_REFUSED, with its words', async () => {
      service.facts.refuseTradingState = 'the journal is away';
      const reply = await api.post('/v1/trading/activate', { reason: 'x' });
      delete service.facts.refuseTradingState;
      expectError(reply, 409, 'ACTION_REFUSED');
      expect(reply.json.error.message).to.equal('the journal is away');
    });

    it('stop answers first, with what stays open, and then stops', async () => {
      service.facts.lives.set(GPS, life(GPS, 'Protected', position()));
      const reply = await api.post('/v1/stop', { reason: 'the day is over' });
      service.facts.lives.set(GPS, flat(GPS));
      expect(reply.status).to.equal(202);
      expect(reply.json).to.deep.include({ stopping: true, reason: 'the day is over' });
      expect(reply.json.positions[0]).to.include({ symbol: GPS, stopOrderId: '71' });
      expect(service.stops).to.deep.equal(['the day is over']);
    });
  });

  describe('what is no good request', () => {
    it('an unknown path is NOT_FOUND, whatever the method', async () => {
      expectError(await api.get('/v1/nothing'), 404, 'NOT_FOUND');
      expectError(await api.post('/v1/nothing', {}), 404, 'NOT_FOUND');
      expectError(await api.get('/v2/health'), 404, 'NOT_FOUND');
      expectError(await api.get('/v1/'), 404, 'NOT_FOUND');
    });

    it('a wrong method is 405 and says which are right', async () => {
      for (const [method, path, allow] of [['POST', '/v1/health', 'GET, HEAD'], ['GET', '/v1/stop', 'POST'], ['DELETE', '/v1/trading/halt', 'POST'], ['PUT', '/v1/actors/market', 'GET, HEAD, POST'], ['GET', '/v1/actors/market/kill', 'POST'], ['POST', '/v1/actors/market', 'GET, HEAD'], ['OPTIONS', '/v1/tree', 'GET, HEAD']] as const) {
        const reply = await api.raw(method, path);
        expectError(reply, 405, 'REQUEST_INVALID');
        expect(reply.headers.allow, `${method} ${path}`).to.equal(allow);
      }
      expect(service.system.inspect('market')?.status).to.equal('running');
    });

    it('a body that is no JSON, and one that would poison a prototype, are coded faults', async () => {
      const json = { 'content-type': 'application/json' };
      expectError(await api.raw('POST', '/v1/stop', '{"reason": ', json), 400, 'REQUEST_INVALID');
      expectError(await api.raw('POST', '/v1/stop', '', json), 400, 'REQUEST_INVALID');
      expectError(await api.raw('POST', '/v1/stop', '{"reason":"x","__proto__":{"a":1}}', json), 400, 'REQUEST_INVALID');
      expectError(await api.raw('POST', '/v1/stop', '["reason"]', json), 400, 'REQUEST_INVALID');
    });

    it('what curl -d sends is JSON too, whatever curl calls it', async () => {
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      expect((await api.raw('POST', '/v1/actors/market/resume', '{"reason":"curl"}', form)).status).to.equal(202);
      expectError(await api.raw('POST', '/v1/actors/market/resume', 'reason=curl', form), 400, 'REQUEST_INVALID');
    });

    it('a body beyond the limit is 413, headers beyond it 431', async () => {
      expectError(await api.post('/v1/stop', { reason: 'x'.repeat(20_000) }), 413, 'REQUEST_INVALID');
      const reply = await api.raw('GET', '/v1/tree', undefined, { 'x-long': 'x'.repeat(20_000) });
      expect([reply.status, reply.json.error.code]).to.deep.equal([431, 'REQUEST_INVALID']);
    });

    it('an audit that fails stops the act, and its insides stay in the log', async () => {
      const { push } = service.audit;
      service.audit.push = () => {
        throw new Error('disk full at /secret/path');
      };
      const reply = await api.post('/v1/actors/market/kill', { reason: 'x' });
      service.audit.push = push;
      expectError(reply, 500, 'INTERNAL');
      expect(reply.text).not.to.contain('secret');
      expect(service.logged.some(({ level, fields }) => level === 'error' && 'error' in fields)).to.equal(true);
      expect(service.system.inspect('market')?.status).to.equal('running');
    });
  });
});
