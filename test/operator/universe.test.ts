/** The universe as an operator asks for it and acts on it: asked again, or taken as it is, each with a reason on record. */
import { expect } from 'chai';
import { run } from './kit/command.ts';
import { GPS, onSocket, RACOON, startService } from './kit/service.ts';
import type { TestService } from './kit/service.ts';

describe('universe over the API', () => {
  let service: TestService;
  before(async () => {
    service = await startService({ listen: 'off' });
  });
  after(() => service.close());

  it('is what the actor shows', async () => {
    expect((await onSocket(service).get('/v1/universe')).json).to.deep.include({ version: 3, symbols: [GPS, RACOON] });
  });

  it('is asked for again, audited first', async () => {
    const { status, json } = await onSocket(service).post('/v1/universe/refresh', { reason: 'a listing' });
    expect([status, json]).to.deep.equal([202, { refreshing: true }]);
    expect(service.facts.universe.asked).to.deep.equal(['refresh']);
    expect(service.audit.at(-1)).to.deep.include({ action: 'refresh-universe', target: 'universe', reason: 'a listing' });
  });

  it('is accepted as it is, or the refusal says why', async () => {
    const accept = () => onSocket(service).post('/v1/universe/accept', { reason: 'they were delisted' });
    expect([(await accept()).status, (await accept()).json]).to.deep.equal([200, { version: 3 }]);
    service.facts.universe.refuse = 'nothing is left that could be accepted';
    const refused = await accept();
    expect(refused.status).to.equal(409);
    expect(refused.json).to.have.nested.property('error.message', 'nothing is left that could be accepted');
    service.facts.universe.refuse = undefined;
  });

  it('neither is done without a reason', async () => {
    for (const action of ['refresh', 'accept']) expect((await onSocket(service).post(`/v1/universe/${action}`, {})).status).to.equal(400);
  });

  it('has commands: shown, asked for again, accepted', async () => {
    const asked = async (...args: string[]) => run(['universe', ...args, '--data-dir', service.dataDir]);
    expect(await asked()).to.include({ code: 0 });
    expect((await asked('--json')).out).to.contain('"version":3');
    expect((await asked('refresh', '--reason', 'a listing')).out).to.contain('refreshing');
    expect((await asked('accept', '--reason', 'they were delisted')).out).to.contain('version');
    expect(await asked('accept')).to.include({ code: 2 });
    expect(await asked('forget')).to.include({ code: 2 });
  });
});
