/** The page: what it does with the token, with answers, with refusals and with silence. In a document just large enough; the browser's own suite is elsewhere. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { puppet } from './kit/puppet-actor.ts';
import type { PuppetMessage } from './kit/puppet-actor.ts';
import { life, position } from './kit/readings.ts';
import { onSocket, RACOON, startService } from './kit/service.ts';
import type { TestService } from './kit/service.ts';

const file = (name: string) => new URL(`../../src/operator/page/${name}`, import.meta.url);

/** An element that holds text and children, and nothing that could be read as HTML. */
class FakeElement {
  className = '';
  hidden: boolean;
  scope = '';
  children: FakeElement[] = [];
  attributes: Record<string, string> = {};
  #text = '';
  readonly name: string;
  readonly classList = { add: (look: string) => void this.looks.add(look), remove: (look: string) => void this.looks.delete(look) };
  readonly looks = new Set<string>();
  constructor(name: string, hidden = false) {
    this.name = name;
    this.hidden = hidden;
  }
  get textContent(): string {
    return this.#text + this.children.map((child) => child.textContent).join(' ');
  }
  set textContent(text: string) {
    this.#text = text;
    this.children = [];
  }
  append(...children: FakeElement[]): void {
    this.children.push(...children);
  }
  replaceChildren(...children: FakeElement[]): void {
    this.children = children;
  }
  setAttribute(name: string, value: string): void {
    this.attributes[name] = value;
  }
}

interface Asked {
  readonly path: string;
  readonly body: string | undefined;
  /** What the address bar held at that moment. */
  readonly hash: string;
}

/** A window with the page in it, whose requests `answer` answers. */
async function open(hash: string, answer: (path: string) => Promise<{ status: number; text: string }>) {
  const ids = new Map([...readFileSync(file('index.html'), 'utf8').matchAll(/ id="([\w-]+)"([^>]*)>/g)].map(([, id, rest]) => [id!, new FakeElement(id!, / hidden/.test(rest!))]));
  const asked: Asked[] = [];
  const timers: (() => unknown)[] = [];
  const listeners = new Map<string, () => void>();
  const location = { hash, pathname: '/' };
  const document = { title: '', hidden: false, getElementById: (id: string) => ids.get(id) ?? null, createElement: (name: string) => new FakeElement(name), addEventListener: (name: string, listener: () => void) => void listeners.set(name, listener) };
  const world = {
    document,
    location,
    history: { replaceState: () => void (location.hash = '') },
    fetch: async (path: string, options: { body?: string } = {}) => {
      asked.push({ path, body: options.body, hash: location.hash });
      const { status, text } = await answer(path);
      return { status, ok: status < 400, json: async () => JSON.parse(text) as unknown };
    },
    addEventListener: (name: string, listener: () => void) => void listeners.set(name, listener),
    setTimeout: (run: () => unknown) => timers.push(run),
    clearTimeout: () => void (timers.length = 0),
  };
  const before = Object.fromEntries(Object.keys(world).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));
  for (const [name, value] of Object.entries(world)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  const close = () => {
    for (const [name, was] of Object.entries(before)) {
      Reflect.deleteProperty(globalThis, name);
      if (was !== undefined) Object.defineProperty(globalThis, name, was);
    }
  };
  try {
    // A fresh module each time: it starts when it is loaded.
    await import(`${file('page.js').href}?${Math.random()}`);
  } catch (error) {
    close();
    throw error;
  }
  return {
    asked, timers, document, location, close,
    text: (id: string) => ids.get(id)!.textContent,
    element: (id: string) => ids.get(id)!,
    /** Lets the next second come. */
    tick: async () => void (await timers.shift()?.()),
    event: async (name: string) => {
      listeners.get(name)!();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

type Answers = Readonly<Record<string, { status: number; text: string }>>;

async function record(service: TestService): Promise<Answers> {
  const paths = ['/v1/health', '/v1/funnel?windowMs=3600000', '/v1/positions', '/v1/tree'];
  const answers = await Promise.all(paths.map((path) => onSocket(service).get(path)));
  return { '/v1/session': { status: 200, text: '{"ok":true}' }, ...Object.fromEntries(paths.map((path, at) => [path, answers[at]!])) };
}

describe('the page', () => {
  /** Real answers, taken before the page's window replaces the timers that the service runs on. */
  let well: Answers;
  let naked: Answers;
  let seen: Answers;
  let unseen: Answers;
  const from = (answers: Answers) => async (path: string) => answers[path] ?? { status: 404, text: '{}' };
  const fromService = (path: string) => from(well)(path);

  before(async () => {
    const service = await startService({ listen: 'off', children: (system) => [puppet(system, 'one-off', { now: false }, { restart: 'transient' })] });
    well = await record(service);
    const ended = new Promise<void>((resolve) => void service.system.subscribe((event) => void (event.type === 'stopped' && event.path === 'one-off' && resolve())));
    service.system.tell(service.system.ref<PuppetMessage>('one-off'), { type: 'end' });
    await ended;
    service.facts.lives.set(RACOON, life(RACOON, 'Opening', position({ stopOrderId: null, quantity: '3', entryPrice: '2' })));
    naked = await record(service);
    service.facts.lives.set(RACOON, life(RACOON, 'Protected', position({ stopSeenAt: Date.now() - 192_000 })));
    seen = await record(service);
    service.facts.lives.set(RACOON, life(RACOON, 'Protected', position({ stopSeenAt: null })));
    unseen = await record(service);
    await service.close();
  });

  it('shows when each stop was last seen on the venue: how long ago, that it has not been yet, and nothing where there is none', async () => {
    const shown = async (answers: Answers) => {
      const page = await open('', from(answers));
      page.close();
      const [head, body] = page.element('positions').children[0]!.children as [FakeElement, FakeElement];
      const column = head.children[0]!.children.findIndex((one) => one.textContent === 'Stop seen');
      const row = body.children.find((one) => one.textContent.includes(RACOON))!;
      const { textContent, className } = row.children[column]!;
      return [textContent, className];
    };
    expect(await shown(seen)).to.deep.equal(['3 min ago', 'number']);
    expect(await shown(unseen)).to.deep.equal(['not yet', 'number warn']);
    expect(await shown(naked)).to.deep.equal(['', 'number']);
  });

  it('takes the token out of the address before it asks anything, and hands it over once', async () => {
    const page = await open('#token=abc-123', fromService);
    await page.tick();
    page.close();
    expect(page.asked[0]).to.deep.equal({ path: '/v1/session', body: '{"token":"abc-123"}', hash: '' });
    expect(page.asked.filter(({ path }) => path === '/v1/session')).to.have.length(1);
    expect(page.asked.length).to.equal(9);
    expect(page.location.hash).to.equal('');
  });

  it('shows mode, health, trading state, positions, funnel and tree as the service tells them', async () => {
    const page = await open('', from(naked));
    page.close();
    expect([page.text('notice'), page.element('panels').hidden]).to.deep.equal(['', false]);
    expect([page.text('mode'), page.element('mode').className]).to.deep.equal(['paper', 'badge good']);
    expect([page.text('health'), page.element('health').className]).to.deep.equal(['▲ degraded', 'badge warn']);
    expect(page.text('trading')).to.equal('trading ACTIVE');
    expect(page.text('positions')).to.contain(RACOON).and.to.contain('▼ −1.5').and.to.contain('▲ none');
    expect(page.text('checks')).to.contain('has a position and no stop');
    expect(page.text('funnel')).to.contain('permit');
    expect(page.text('tree')).to.contain('operator/http').and.to.contain('running');
    expect(page.text('tree')).to.match(/one-off ended 1 /).and.not.to.contain('stopped');
  });

  it('every column and every row has a header, and every table a name', async () => {
    const page = await open('', fromService);
    page.close();
    for (const id of ['checks', 'funnel', 'tree']) {
      const [table] = page.element(id).children;
      const [head, body] = table!.children;
      expect(table!.attributes['aria-labelledby']).to.equal(`h-${id}`);
      expect(head!.children[0]!.children.every((cell) => cell.name === 'th' && cell.scope === 'col')).to.equal(true);
      expect(body!.children.every((row) => row.children[0]!.name === 'th' && row.children[0]!.scope === 'row')).to.equal(true);
      expect(body!.children.every((row) => row.children.length === head!.children[0]!.children.length)).to.equal(true);
    }
    expect(page.text('positions')).to.equal('No open position.');
  });

  it('says which panel is not known, and goes on with the others', async () => {
    const page = await open('', async (path) => (path.startsWith('/v1/funnel') ? { status: 503, text: '{"error":{"code":"STATE_UNKNOWN","message":"operator/decision-log is suspended","details":{}}}' } : fromService(path)));
    page.close();
    expect(page.text('funnel')).to.equal('Not known: operator/decision-log is suspended');
    expect(page.text('tree')).to.contain('vigil');
  });

  it('says that the service is gone, greys out what it showed, and is live again when it is back', async () => {
    let gone = false;
    const page = await open('', (path) => (gone ? Promise.reject(new TypeError('fetch failed')) : fromService(path)));
    gone = true;
    await page.tick();
    expect(page.text('notice')).to.match(/does not answer: what is below is .* old/);
    expect([page.text('health'), page.text('trading')]).to.deep.equal(['✖ no answer', 'trading not known']);
    expect(page.element('panels').looks.has('stale')).to.equal(true);
    gone = false;
    await page.tick();
    page.close();
    expect([page.text('notice'), page.text('health')]).to.deep.equal(['', '● ok']);
    expect(page.element('panels').looks.has('stale')).to.equal(false);
  });

  it('without a session, or with a wrong token, it says how to get in and asks no more', async () => {
    const refused = async () => ({ status: 401, text: '{}' });
    for (const hash of ['', '#token=wrong']) {
      const page = await open(hash, refused);
      page.close();
      expect(page.text('notice')).to.contain('vigil start');
      expect(page.timers).to.deep.equal([]);
      expect(page.element('panels').hidden).to.equal(true);
    }
  });

  it('takes the token also when the address is opened in a tab that has the page already', async () => {
    let signedIn = false;
    const page = await open('', async (path) => {
      if (path === '/v1/session') signedIn = true;
      return signedIn ? fromService(path) : { status: 401, text: '{}' };
    });
    expect(page.text('notice')).to.contain('Not signed in');
    page.location.hash = '#token=right';
    await page.event('hashchange');
    page.close();
    expect(page.location.hash).to.equal('');
    expect(page.text('notice')).to.equal('');
    expect(page.text('health')).to.equal('● ok');
  });

  it('asks nothing while it is hidden, and at once when it is seen again', async () => {
    const page = await open('', fromService);
    page.document.hidden = true;
    await page.event('visibilitychange');
    expect(page.timers).to.deep.equal([]);
    const before = page.asked.length;
    page.document.hidden = false;
    await page.event('visibilitychange');
    page.close();
    expect(page.asked.length).to.equal(before + 4);
  });
});
