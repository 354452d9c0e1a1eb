/** The model server over HTTP: an answer is 200 and JSON; everything else is an error that says what came instead. */
import { expect } from 'chai';
import { httpModel } from '../../src/model/http-model.ts';
import { modelServer } from '../kit/model-server.ts';
import type { ModelServer } from '../kit/model-server.ts';

describe('the model server over HTTP', () => {
  let server: ModelServer;
  beforeEach(async () => (server = await modelServer()));
  afterEach(() => server.close());

  const ask = (url = server.url) => httpModel(url).ask('{"symbol":"币安人生USDT","price":1}', new AbortController().signal);
  const failure = async (url?: string): Promise<string> => ask(url).then((answer) => `answered ${JSON.stringify(answer)}`, (error: unknown) => (error as Error).message);

  it('is posted the body as it is, and answers any JSON', async () => {
    server.reply = () => ({ body: '{"side":"long","more":[1]}' });
    expect(await ask()).to.deep.equal({ side: 'long', more: [1] });
    expect(server.questions).to.deep.equal([{ symbol: '币安人生USDT', price: 1 }]);
  });

  it('failing says its status and what it said', async () => {
    server.reply = () => ({ status: 500, body: 'out of memory' });
    expect(await failure()).to.equal('the model server answered 500 Internal Server Error: "out of memory"');
  });

  it('answering a page is not believed', async () => {
    server.reply = () => ({ body: '<html><body>Welcome to nginx!</body></html>' });
    expect(await failure()).to.match(/^the model server did not answer JSON: "<html>/);
  });

  it('answering NaN, which is no JSON, is not believed', async () => {
    server.reply = () => ({ body: '{"side":"long","confidence":NaN}' });
    expect(await failure()).to.match(/did not answer JSON/);
  });

  it('answering without an end is read up to a bound, and hung up on', async () => {
    server.reply = () => (response) => void response.write('x'.repeat(200_000));
    expect(await failure()).to.match(/longer than 65536 bytes/);
    await server.left(1);
  });

  it('sending elsewhere is not followed', async () => {
    server.reply = () => (response) => void response.writeHead(307, { location: server.url }).end();
    expect(await failure()).to.match(/cannot be reached/);
    expect(server.questions).to.have.length(1);
  });

  it('hanging up, or not there at all, says so', async () => {
    server.reply = () => 'reset';
    expect(await failure()).to.match(/^the model server cannot be reached: /);
    const { url } = server;
    await server.close();
    expect(await failure(url)).to.match(/cannot be reached: .*ECONNREFUSED/);
    server = await modelServer();
  });

  it('is left when nobody waits any more', async () => {
    server.reply = () => 'hang';
    const controller = new AbortController();
    const asked = httpModel(server.url).ask('{}', controller.signal).then(() => 'answered', () => 'left');
    await server.asked(1);
    controller.abort(new Error('deadline'));
    expect(await asked).to.equal('left');
    await server.left(1);
  });
});
