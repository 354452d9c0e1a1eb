/** What the help and the page tell a stranger to type works as it is printed: in the shell, in Python and in Node without a library. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { runPaper } from '../../src/paper/command.ts';
import { PAPER_HELP } from '../../src/paper/help.ts';
import type { PaperExchange } from '../../src/paper/exchange.ts';
import { Client, startForTest, type Json } from './kit.ts';

const run = promisify(execFile);
const PRINTED = /127\.0\.0\.1:8480/g;
const page = readFileSync(new URL('../../docs/paper-exchange.md', import.meta.url), 'utf8');

/** The block of the page in this language that holds this text. */
function block(language: string, holding: string): string {
  const found = [...page.matchAll(/```(\w*)\n([^]*?)```/g)].find(([, name, text]) => name === language && text!.includes(holding));
  if (!found) throw new Error(`the page has no ${language} block with ${holding}`);
  return found[2]!;
}

describe('paper exchange: its help', () => {
  let exchange: PaperExchange;
  let client: Client;
  beforeEach(async () => {
    exchange = await startForTest();
    client = new Client(exchange.url);
  });
  afterEach(() => exchange.close());

  const here = (text: string) => text.replaceAll(PRINTED, exchange.url.replace('http://', ''));
  const orders = async () => ((await client.control('GET', 'truth')).json['accounts'] as Json[])[0]!['orders'] as Json[];

  /** Skips the test where the machine has no such program. */
  async function needs(test: Mocha.Context, ...programs: readonly string[]): Promise<void> {
    for (const program of programs) await run('which', [program]).catch(() => test.skip());
  }

  it('has commands for the shell that do what it says', async function () {
    await needs(this, 'curl', 'openssl');
    const lines = PAPER_HELP.split('\n').flatMap((line) => (/^ {2}(curl|q=) ?/.test(line) ? [line.trim()] : []));
    expect(lines).to.have.length(6);
    const { stdout } = await run('sh', ['-ec', here(lines.map((line) => line.replace(/^curl/, 'curl -sS --fail -w "\\n"')).join('\n'))]);
    const answers = stdout.trim().split('\n').map((line) => JSON.parse(line) as Json);
    expect(answers.map((answer) => Object.keys(answer)[0])).to.deep.equal(['symbol', 'orderId', 'now', 'symbol', 'id']);
    expect((await orders()).map((order) => order['status'])).to.deep.equal(['FILLED']);
    expect((await client.control('GET', 'faults')).json['faults']).to.have.length(1);
  });

  it('has Python that places an order', async function () {
    await needs(this, 'python3');
    const { stdout } = await run('python3', ['-c', here(block('python', 'hmac'))]);
    expect((JSON.parse(stdout) as Json)['symbol']).to.equal('HYPEUSDT');
    expect((await orders()).map((order) => order['status'])).to.deep.equal(['FILLED']);
  });

  it('has JavaScript that places an order and hears of it', async () => {
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', here(block('js', 'createHmac'))]);
    expect(stdout).to.include('ACCOUNT_UPDATE').and.include('"FILLED"');
    expect((await orders()).map((order) => order['status'])).to.deep.equal(['FILLED']);
  });

  it('listens on this machine only', async () => {
    for (const host of ['0.0.0.0', '::', '192.168.0.1', 'example.org']) {
      expect(await runPaper({ host, port: 0, speed: '1', balance: '1', history: '1', align: 'start', limits: true, log: () => undefined }), host).to.equal(2);
    }
  });
});
