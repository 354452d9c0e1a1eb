/** The page is live or says that it is not: it asks each second while it is seen, and what it cannot ask it greys out. */
import { duration, element, showFunnel, showHealth, showPositions, showTree, showUnknown } from './panels.js';

const EVERY_MS = 1000;
const PATIENCE_MS = 4000;

let lastHeardAt;
let timer;

async function start() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) {
    // Out of the address bar and the history before anything else, whether or not it is good.
    history.replaceState(null, '', location.pathname);
    try {
      await exchange(token);
    } catch (error) {
      return say(error instanceof TypeError ? 'The service does not answer. Open the address that `vigil start` prints once more.' : error.message);
    }
  }
  await round();
}

async function exchange(token) {
  const answer = await fetch('/v1/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token }) });
  if (answer.status === 401) throw new Error('The token in the address is not valid. `vigil start` prints the address with the right one.');
  if (!answer.ok) throw new Error(`The service refused the session (${answer.status}).`);
}

async function round() {
  clearTimeout(timer);
  try {
    await show();
  } catch (error) {
    // A refusal is final until the person does something; a silence may end by itself.
    if (error instanceof NotSignedIn) return say('Not signed in. Open the address that `vigil start` prints; the token is in <data-dir>/http-token.');
    gone();
  }
  if (!document.hidden) timer = setTimeout(round, EVERY_MS);
}

async function show() {
  const [health, funnel, positions, tree] = await Promise.all(['/v1/health', '/v1/funnel?windowMs=3600000', '/v1/positions', '/v1/tree'].map(ask));
  lastHeardAt = Date.now();
  say('');
  element('panels').hidden = false;
  element('panels').classList.remove('stale');
  for (const [id, answer, present] of [['checks', health, showHealth], ['funnel', funnel, showFunnel], ['positions', positions, showPositions], ['tree', tree, showTree]]) {
    if (answer.error === undefined) present(answer);
    else showUnknown(id, answer.error.message);
  }
}

class NotSignedIn extends Error {}

/** The answer, which may be a coded error; throws when there is none. */
async function ask(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (answer.status === 401) throw new NotSignedIn();
  return answer.json();
}

function gone() {
  element('panels').classList.add('stale');
  for (const id of ['health', 'trading']) {
    element(id).className = 'badge bad';
    element(id).textContent = id === 'health' ? '✖ no answer' : 'trading not known';
  }
  document.title = '✖ Vigil · no answer';
  say(lastHeardAt === undefined ? 'The service does not answer. Trying again …' : `The service does not answer: what is below is ${duration(Date.now() - lastHeardAt)} old. Trying again …`);
}

function say(words) {
  const notice = element('notice');
  // Only when it changes: a screen reader would repeat it each second.
  if (notice.textContent !== words) notice.textContent = words;
}

document.addEventListener('visibilitychange', () => (document.hidden ? clearTimeout(timer) : void round()));
// The printed address, opened in a tab that has the page already, changes the fragment and loads nothing.
addEventListener('hashchange', () => void start());
await start();
