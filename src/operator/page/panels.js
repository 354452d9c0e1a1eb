/** What the page shows of each answer. Text goes in as text only: nothing that comes from outside is ever read as HTML. */

const HEALTH = { ok: ['good', '● ok'], degraded: ['warn', '▲ degraded'], failing: ['bad', '✖ failing'] };
const TRADING = { ACTIVE: 'good', REDUCING: 'warn', HALTED: 'bad' };
const MODES = { paper: 'good', testnet: 'warn', mainnet: 'bad' };
const STATUS = { running: 'good', starting: 'quiet', restarting: 'warn', suspended: 'warn', stopped: 'bad' };

export function showHealth(health) {
  const [look, words] = HEALTH[health.status] ?? ['bad', `✖ ${health.status}`];
  badge('mode', MODES[health.mode] ?? 'bad', health.mode);
  badge('health', look, words);
  badge('trading', TRADING[health.tradingState] ?? 'bad', `trading ${health.tradingState}`);
  element('about').textContent = `up ${duration(health.uptimeMs)} · start ${health.incarnation} · process ${health.pid} · build ${health.buildId} · configuration ${health.configHash.slice(0, 12)}`;
  document.title = `${health.status === 'ok' ? '' : `${words.slice(0, 1)} `}Vigil · ${health.mode}`;
  fill('checks', ['Check', 'Status', 'What', 'Age'], health.checks.map((one) => {
    const [look, words] = HEALTH[one.status] ?? ['bad', one.status];
    return [head(one.name), cell(words, look), cell(one.message, 'words'), cell(one.ageMs === 0 ? '' : duration(one.ageMs), 'number')];
  }), 'Nothing is checked.');
}

export function showPositions(positions) {
  const columns = ['Symbol', 'Side', '#Quantity', '#Entry', '#Mark', '#P&L, USDT', '#Leverage', '#Stop', '#Stop seen', '#Target', 'State', 'Since'];
  fill('positions', columns, positions.map((one) => [
    head(one.symbol),
    cell(one.side === null ? '?' : one.side === 'LONG' ? '↗ LONG' : '↘ SHORT'),
    ...[one.quantity, one.entryPrice, one.markPrice].map((value) => cell(value ?? '?', 'number')),
    profit(one.unrealizedPnl),
    cell(one.leverage === null ? '?' : `${one.leverage}×`, 'number'),
    ...protection(one),
    cell(one.state, one.state === 'Protected' || one.state === 'Reducing' ? 'good' : 'warn'),
    cell(one.openedAt === null ? '?' : one.openedAt.replace('T', ' ').slice(0, 19)),
  ]), 'No open position.');
}

/** Where the position itself is not known, neither is whether it has a stop: only a known one without is an alarm. */
function protection({ quantity, stopOrderId, stopLoss, guard, stopSeenAgeMs, takeProfit }) {
  if (quantity === null) return [cell('?', 'number'), cell('?', 'number'), cell('?', 'number')];
  const stop = stopOrderId === null ? cell(guard === null ? '▲ none' : `▲ here ${guard}`, 'number bad') : cell(stopLoss ?? '?', 'number');
  // A stop that stands and that the venue has not listed yet: nobody has seen it there.
  const seen = stopOrderId === null ? cell('', 'number') : stopSeenAgeMs === null ? cell('not yet', 'number warn') : cell(`${duration(stopSeenAgeMs)} ago`, 'number');
  return [stop, seen, cell(takeProfit ?? 'none', 'number')];
}

export function showFunnel(funnel) {
  fill('funnel', ['Stage', '#In', '#Out', 'Refused, by code', 'Last'], funnel.stages.map((one) => [
    head(one.stage),
    cell(one.in, 'number'),
    cell(one.out, 'number'),
    cell(Object.entries(one.refused).toSorted((a, b) => b[1] - a[1]).map(([code, count]) => `${code} ${count}`).join(', '), 'words code'),
    cell(one.lastAt === null ? 'never' : one.lastAt.slice(11, 19)),
  ]), 'Nothing is counted.');
}

export function showTree(root) {
  const rows = [];
  const walk = (node, depth) => {
    const { used, limit } = node.restartBudget;
    const { depth: queue, oldestMs, dropped } = node.mailbox;
    rows.push([
      head(node.path, `depth-${Math.min(depth, 3)}`),
      status(node),
      cell(node.incarnation, 'number'),
      cell(node.restarts, 'number'),
      cell(used === 0 ? '' : `${used}/${limit}`, used >= limit ? 'number bad' : 'number'),
      cell(queue === 0 ? '' : `${queue} (${duration(oldestMs)})`, 'number'),
      cell(dropped === 0 ? '' : dropped, 'number warn'),
    ]);
    for (const child of node.children) walk(child, depth + 1);
  };
  walk(root, 0);
  fill('tree', ['Actor', 'Status', '#Incarnation', '#Restarts', '#Budget used', '#Queue (oldest)', '#Dropped'], rows, '');
}

/** What need not be there for ever and ended in order is no fault. */
function status({ status, restart, lastExit }) {
  const ended = status === 'stopped' && restart !== 'permanent' && (lastExit?.kind === 'normal' || lastExit?.kind === 'shutdown');
  return ended ? cell('ended', 'quiet') : cell(status, STATUS[status] ?? 'bad');
}

/** Says why a panel is empty instead of leaving what was true a while ago. */
export function showUnknown(id, why) {
  element(id).replaceChildren(make('p', 'bad', `Not known: ${why}`));
}

export function element(id) {
  return document.getElementById(id);
}

function fill(id, columns, rows, nothing) {
  if (rows.length === 0) return element(id).replaceChildren(make('p', 'empty', nothing));
  const heads = columns.map((name) => {
    const one = make('th', name.startsWith('#') ? 'number' : '', name.replace(/^#/, ''));
    one.scope = 'col';
    return one;
  });
  const table = make('table');
  table.setAttribute('aria-labelledby', `h-${id}`);
  table.append(within('thead', [within('tr', heads)]), within('tbody', rows.map((cells) => within('tr', cells))));
  element(id).replaceChildren(table);
}

function profit(value) {
  if (value === null) return cell('?', 'number');
  const loss = value.startsWith('-');
  return cell(`${loss ? '▼ −' : '▲ +'}${rounded(loss ? value.slice(1) : value)}`, `number ${loss ? 'bad' : 'good'}`);
}

/** Four places, cut: exact figures are in the API. */
function rounded(value) {
  const [whole, part = ''] = value.split('.');
  return part === '' ? whole : `${whole}.${part.slice(0, 4)}`;
}

function badge(id, look, words) {
  const one = element(id);
  one.className = `badge ${look}`;
  one.textContent = words;
  one.hidden = false;
}

function head(words, look = '') {
  const one = make('th', look, words);
  one.scope = 'row';
  return one;
}

function cell(words, look = '') {
  return make('td', look, words);
}

function make(name, look = '', words = '') {
  const one = document.createElement(name);
  if (look !== '') one.className = look;
  one.textContent = String(words);
  return one;
}

function within(name, children) {
  const one = document.createElement(name);
  one.append(...children);
  return one;
}

export function duration(ms) {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return `${Math.round(ms)} ms`;
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
