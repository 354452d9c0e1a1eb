/** Intents over the API: the socket's file mode or the source's own token says who it is, and every answer has a code. */
import { expect } from 'chai';
import type { IntakeAnswer, IntakeMessage } from '../../src/protocol/messages.ts';
import type { IntentId } from '../../src/protocol/names.ts';
import type { Behaviour } from '../../src/supervision/behaviour.ts';
import { same } from '../../src/supervision/behaviour.ts';
import { worker } from '../../src/supervision/child-spec.ts';
import type { Ref, Tagged } from '../../src/supervision/ref.ts';
import { run } from './kit/command.ts';
import { GPS, onSocket, send, startService } from './kit/service.ts';
import type { TestService } from './kit/service.ts';

type Submitted = Extract<IntakeMessage, { type: 'submit' }>;
const BODY = { source: 'desk', symbol: GPS, side: 'long', confidence: 0.8 };

describe('intents over the API', () => {
  let service: TestService;
  let submitted: Submitted[];
  let answer: IntakeAnswer;
  const TAKEN: IntakeAnswer = { ok: true, intentId: 'intent-1' as IntentId, repeated: false };
  const intake: Behaviour<Tagged, null> = {
    role: 'intake', purpose: 'takes intents in tests', consumes: {}, emits: [], mailbox: { capacity: 100, overflow: 'reject', onRestart: 'keep' }, init: () => null, view: () => null,
    receive(_state, message, ctx) {
      const asked = message as Submitted;
      submitted.push(asked);
      ctx.answering(asked)(answer);
      return same;
    },
  };
  beforeEach(async () => {
    submitted = [];
    answer = TAKEN;
    service = await startService({ children: (system) => [worker(system.ref('intake') as Ref<Tagged>, intake)] });
  });
  afterEach(() => service.close());
  const overTcp = (body: object, headers: Record<string, string>) => send({ host: '127.0.0.1', port: service.port, method: 'POST', path: '/v1/intents', headers: { host: `127.0.0.1:${service.port}`, 'content-type': 'application/json', ...headers } }, JSON.stringify(body));

  it('on the socket the body says who it is, and the key goes with it', async () => {
    const { status, json } = await onSocket(service).raw('POST', '/v1/intents', JSON.stringify(BODY), { 'content-type': 'application/json', 'idempotency-key': 'k-1' });
    expect([status, json]).to.deep.equal([202, { intentId: 'intent-1' }]);
    expect(submitted[0]).to.deep.include({ source: 'desk', body: BODY, idempotencyKey: 'k-1' });
    expect((await onSocket(service).post('/v1/intents', { symbol: GPS })).status, 'nobody').to.equal(400);
  });

  it('over TCP its own token does, and no other: not the operator\'s, not another source\'s, not none', async () => {
    expect((await overTcp(BODY, { authorization: 'Bearer a-token-of-the-desk' })).status).to.equal(202);
    expect(submitted[0]).to.deep.include({ source: 'desk', body: BODY });
    for (const headers of [{}, { authorization: `Bearer ${service.token}` }, { authorization: 'Bearer a-token-of-the-des' }, { authorization: 'Basic a-token-of-the-desk' }]) {
      expect((await overTcp(BODY, headers as Record<string, string>)).status, JSON.stringify(headers)).to.equal(401);
    }
    const pretending = await overTcp({ ...BODY, source: 'manual' }, { authorization: 'Bearer a-token-of-the-desk' });
    expect([pretending.status, pretending.json.error.code]).to.deep.equal([403, 'SOURCE_UNKNOWN']);
    expect(submitted).to.have.length(1);
  });

  it('a source\'s token opens nothing else, and a foreign page nothing at all', async () => {
    const asked = await send({ host: '127.0.0.1', port: service.port, method: 'GET', path: '/v1/positions', headers: { host: `127.0.0.1:${service.port}`, authorization: 'Bearer a-token-of-the-desk' } });
    expect(asked.status).to.equal(401);
    expect((await overTcp(BODY, { authorization: 'Bearer a-token-of-the-desk', origin: 'http://evil.example' })).status).to.equal(403);
  });

  it('what was not taken has its code and a fitting status', async () => {
    for (const [code, status] of [['INTENT_INVALID', 400], ['SOURCE_UNKNOWN', 403], ['IDEMPOTENCY_CONFLICT', 409], ['INTENT_EXPIRED', 422], ['CONFIDENCE_LOW', 422], ['SYMBOL_NOT_IN_POLICY_UNIVERSE', 422], ['CLOCK_SKEW', 503], ['JOURNAL_UNAVAILABLE', 503]] as const) {
      answer = { ok: false, code, message: 'why', details: { field: 'x' } };
      const { status: found, json, headers } = await onSocket(service).post('/v1/intents', BODY);
      expect(headers['retry-after'], code).to.equal(status === 503 ? '1' : undefined);
      expect([found, json], code).to.deep.equal([status, { error: { code, message: 'why', details: { field: 'x' } } }]);
    }
  });

  it('without an answer nothing is claimed: it may be taken, and the same key tells', async () => {
    service.system.control('intake', 'suspend', 'test');
    const { status, json, headers } = await onSocket(service).post('/v1/intents', BODY);
    expect([status, json.error.code, headers['retry-after']]).to.deep.equal([503, 'STATE_UNKNOWN', '1']);
    expect(json.error.message).to.contain('intake is suspended').and.contain('the same Idempotency-Key').and.contain('vigil explain');
    expect(submitted).to.deep.equal([]);
  });

  it('a key that is none is named', async () => {
    const { status, json } = await onSocket(service).raw('POST', '/v1/intents', JSON.stringify(BODY), { 'content-type': 'application/json', 'idempotency-key': 'a b' });
    expect(status).to.equal(400);
    expect(json.error.message).to.contain('Idempotency-Key');
  });

  it('the command says what was taken, and why not', async () => {
    const asked = (...args: string[]) => run(['intent', '--data-dir', service.dataDir, ...args]);
    const done = await asked('--symbol', GPS, '--side', 'short', '--confidence', '0.7', '--stop-loss', '0.011', '--key', 'k-9');
    expect([done.code, done.out]).to.deep.equal([0, 'taken: intent-1\n']);
    expect(submitted[0]).to.deep.include({ source: 'manual', idempotencyKey: 'k-9', body: { source: 'manual', symbol: GPS, side: 'short', confidence: 0.7, stopLoss: '0.011' } });
    answer = { ok: false, code: 'INTENT_EXPIRED', message: 'it expired' };
    const refused = await asked('--symbol', GPS, '--side', 'long');
    expect(refused.code).to.equal(4);
    expect(refused.err).to.contain('INTENT_EXPIRED: it expired');
    expect(await asked('--symbol', GPS, '--side', 'up')).to.include({ code: 2 });
    expect(await asked('--side', 'long')).to.include({ code: 2 });
    for (const key of ['币安人生', 'a b', '', 'a\nb']) expect(await asked('--symbol', GPS, '--side', 'long', '--key', key), JSON.stringify(key)).to.include({ code: 2 });
    expect(await asked('--symbol', GPS, '--side', 'long', '--confidence', '2')).to.include({ code: 2 });
  });
});
