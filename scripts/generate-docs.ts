/** The documents that are made from code: `npm run docs` writes them, `test/docs.test.ts` finds them equal. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, loadPolicy } from '../src/config.ts';
import { openSqliteJournal } from '../src/persistence/sqlite/journal.ts';
import { isLog } from '../src/persistence/retention.ts';
import { tradingStateFile } from '../src/persistence/trading-state-file.ts';
import { VERIFY_FAULTS } from '../src/persistence/verify.ts';
import { DENIALS } from '../src/protocol/denials.ts';
import { FINDINGS } from '../src/protocol/findings.ts';
import { EXIT_CODES } from '../src/protocol/exit-codes.ts';
import { ERRORS } from '../src/protocol/errors.ts';
import type { SymbolName } from '../src/protocol/names.ts';
import { REACTIONS, VENUE_CODES, VENUE_STATUSES } from '../src/protocol/venue-reactions.ts';
import type { CodeRow } from '../src/protocol/venue-reactions.ts';
import { PHASES } from '../src/protocol/views.ts';
import { REFUSALS } from '../src/paper/core/venue-error.ts';
import { ROUTES } from '../src/paper/wire/dispatch.ts';
import { METHODS } from '../src/paper/ws-api/methods.ts';
import { Params } from '../src/paper/wire/params.ts';
import type { Route } from '../src/paper/wire/route.ts';
import { STOP_CHECK_EVERY_MS, STOP_LOST_BOUND_MS, STOP_RECHECK_MS, STOP_UNLISTED_AT_MOST } from '../src/rules/position-life/guard.ts';
import { PHASE_MEANINGS } from '../src/rules/position-life/phase.ts';
import { ACTS, allowedTo, FACTS } from '../src/rules/position-life/transitions.ts';
import type { Cause } from '../src/rules/position-life/transitions.ts';
import { PROJECT_ROOT } from '../src/service/build-id.ts';
import { FAMILIES } from '../src/service/journal/families.ts';
import { loadStrategies } from '../src/service/strategies.ts';
import { composeTree } from '../src/service/tree.ts';
import type { ChildSpec } from '../src/supervision/child-spec.ts';
import { systemClock } from '../src/supervision/clock.ts';
import type { LaneSpec, MailboxSpec } from '../src/supervision/mailbox.ts';
import { nactTurns } from '../src/supervision/nact.ts';
import { systemRandom } from '../src/supervision/random.ts';
import { ActorSystem } from '../src/supervision/system.ts';
import { createBinanceVenue } from '../src/venue/binance-venue.ts';
import { resolveEndpoint } from '../src/venue/endpoint.ts';
import type { ConformanceCase } from '../test/conformance/cases/case.ts';
import { otpGenServer } from '../test/conformance/cases/otp-gen-server.ts';
import { otpSupervisor } from '../test/conformance/cases/otp-supervisor.ts';
import { otpSys } from '../test/conformance/cases/otp-sys.ts';
import { pekkoAsk } from '../test/conformance/cases/pekko-ask.ts';
import { pekkoSupervision } from '../test/conformance/cases/pekko-supervision.ts';
import { pekkoTimers } from '../test/conformance/cases/pekko-timers.ts';
import { pekkoWatch } from '../test/conformance/cases/pekko-watch.ts';
import { ABSENT, SIMPLIFIED, STREAMS, WS_API } from './paper-fidelity.ts';
import { decidersOf, producedCodes } from './produced-codes.ts';

const MADE = '<!-- Made by `npm run docs` from the code; changes by hand are found by a test. -->\n';

/** File name → content. */
export async function generatedDocs(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['docs/actors.md', await actorsDocument()],
    ['docs/denials.md', denialsDocument()],
    ['docs/supervision.md', supervisionDocument()],
    ['docs/paper-exchange.md', paperDocument()],
    ['docs/journal.md', journalDocument()],
    ['docs/position-life.md', positionLifeDocument()],
    ['docs/findings.md', table('# Findings', 'What must not happen, or nobody may miss. A finding is journalled (entity `findings`), an event of `vigil events`, and stands in `vigil alerts` as `finding/CODE/SUBJECT` for a day after it was last seen.', ['code', 'what was seen', 'what to do'], Object.entries(FINDINGS).map(([code, entry]) => [`\`${code}\``, entry.sentence, entry.remedy]))],
    ['docs/venue-errors.md', venueErrorsDocument()],
    ['docs/errors.md', table('# Errors', 'What commands and the admin socket answer with.', ['code', 'what it means', 'what to do'], Object.entries(ERRORS).map(([code, entry]) => [`\`${code}\``, entry.meaning, entry.remedy]))],
  ]);
}

/** Who refuses is read off the source; why a position is left follows. */
function denialsDocument(): string {
  const { producers } = producedCodes();
  const refusals = table('# Refusals', 'Why a signal, intent, plan or write did not go on. Each is counted in the funnel under its code, and `vigil explain SYMBOL` shows it with its limit, value and age.', ['code', 'what it means', 'what to do', 'who decides it', 'counts as misconfiguration'], Object.entries(DENIALS).map(([code, entry]) => [`\`${code}\``, entry.sentence, entry.remedy, decidersOf(producers.get(code) ?? []).join(', '), 'misconfiguration' in entry ? 'yes' : '']));
  const exits = Object.entries(EXIT_CODES).map(([code, entry]) => `| \`${code === 'TIER' ? 'TIER_R' : code}\` | ${entry.sentence} | ${entry.remedy} |`);
  return `${refusals}\n## Exits\n\nWhy an open position is held, reduced, closed or its stop moved; decided by \`exits\`.\n\n| code | what it means | what to do |\n|---|---|---|\n${exits.join('\n')}\n`;
}

/** How long openings rest, in words. */
function pauseText({ pause }: CodeRow): string {
  if (pause === undefined) return '';
  const { of, until } = pause;
  return `${of === 'all' ? 'all' : 'of the symbol'}, ${until === 'balance' ? 'until more balance is available' : `${until / 60_000} min`}`;
}

/** The table of the venue's answers, as the adapter, the gateway, the locks and the executors read it. */
function venueErrorsDocument(): string {
  const rows = (lines: readonly (readonly string[])[]) => lines.map((row) => `| ${row.join(' | ')} |`).join('\n');
  const reactions = table("# The venue's errors", 'What each answer of the venue that is no success prescribes. One table (`src/protocol/venue-reactions.ts`), read by the adapter, the gateway, the locks and the executors.', ['reaction', 'what is done'], Object.entries(REACTIONS).map(([name, text]) => [`**${name}**`, text]));
  const statuses = VENUE_STATUSES.map((row) => [row.status, row.meaning, row.write, row.read, row.why]);
  const codes = VENUE_CODES.toSorted((one, other) => other.code - one.code).map((row) => [String(row.code), row.meaning, row.on?.join(', ') ?? 'anything', row.reaction, pauseText(row), row.why]);
  return `${reactions}
## Statuses

Asked before the codes, from top to bottom: what status and text say on their own.

| status | meaning | of a write | of a read | why |
|---|---|---|---|---|
${rows(statuses)}

## Codes

Of what was asked: an order that opens (OPEN) or closes (CLOSE), a stop or target (PROTECT), a cancel (CANCEL), a setting (CONFIGURE), or a question (READ). A code met by something its rows do not name is a **defect**, one that is in no row is **unknown**; both are findings.

| code | meaning | asked | reaction | openings rest | why |
|---|---|---|---|---|---|
${rows(codes)}
`;
}

/** Phases and transitions of a symbol, as `rules/position-life` has them. */
function positionLifeDocument(): string {
  const phases = table('# The life of a position', 'Each symbol of the universe has one executor and one life. Its phase is read off the facts on record, never stored beside them.', ['phase', 'what it means'], PHASES.map((phase) => [phase, PHASE_MEANINGS[phase]]));
  const rows = (causes: readonly string[]) => causes.map((cause) => `| \`${cause}\` | ${PHASES.map((from) => allowedTo(from, cause as Cause).map((to) => (to === from ? '·' : to)).join(', ') || '×').join(' | ')} |`).join('\n');
  const head = `| event | ${PHASES.join(' | ')} |\n|---|${PHASES.map(() => '---').join('|')}|`;
  return `${phases}\n## What may follow\n\nIn each phase, what each event may lead to. · is the same phase; × must not happen there, and like everything that is not in the table it is an error: the executor that met it ends with both phases and the event in its last words, and the next incarnation reads the journal and asks the venue.\n\n### What is heard\n\nFills, reports and answers are facts: taken in every phase, late, early, twice or out of order.\n\n${head}\n${rows(Object.keys(FACTS))}\n\n### What is done\n\n${head}\n${rows(Object.keys(ACTS))}\n\n## How long a position can be without its stop\n\n- A stop is placed right after the fill; without one that covers all of it, an alarm after execution.nakedAlarmMs and a close after execution.nakedCloseMs, both measured from the fill (ruling 10).\n- The venue's list of our stops is read at least every ${STOP_CHECK_EVERY_MS / 1_000} s. One that it lacks is asked for by its own id and looked for again every ${STOP_RECHECK_MS / 1_000} s; gone, or lacking in ${STOP_UNLISTED_AT_MOST} lists in a row, it is placed anew. A stop that disappears without a word is therefore placed anew within ${STOP_LOST_BOUND_MS / 1_000} s, or the position counts as naked from then on and is closed. \`vigil positions\` shows when the venue last listed it (SEEN).\n- A venue that takes no stop at all (−4120, −4045, −2025): told as an alert and a finding, openings rest, the mark price is watched from here, and the position is closed at the market when it reaches the stop. Without a price for execution.nakedCloseMs it is naked like any other.\n`;
}

const CASES_BELOW = '<!-- Below: made by `npm run docs`';
const SUITES: readonly (readonly [string, readonly ConformanceCase[]])[] = [
  ["OTP's supervisor_SUITE", otpSupervisor],
  ["OTP's sys_SUITE", otpSys],
  ["OTP's gen_server_SUITE", otpGenServer],
  ["Pekko's SupervisionSpec", pekkoSupervision],
  ["Pekko's WatchSpec", pekkoWatch],
  ["Pekko's TimerSpec", pekkoTimers],
  ["Pekko's AskSpec", pekkoAsk],
];

const TABLES_BELOW = '<!-- Below: made by `npm run docs`';
const WEIGHED = ['', 'symbol=X', 'symbol=X&limit=5', 'symbol=X&limit=100', 'symbol=X&limit=500', 'symbol=X&limit=1000', 'symbol=X&limit=1500'];

function weightText({ weight }: Route): string {
  if (typeof weight === 'number') return String(weight);
  const weights = WEIGHED.map((query) => weight(Params.ofRequest(query, '')));
  return `${Math.min(...weights)}–${Math.max(...weights)}`;
}

/** The page on the paper exchange is written by hand down to a mark; below it, every endpoint and stream. */
function paperDocument(): string {
  const file = join(PROJECT_ROOT, 'docs/paper-exchange.md');
  const written = readFileSync(file, 'utf8');
  const end = written.indexOf('\n', written.indexOf(TABLES_BELOW));
  if (!written.includes(TABLES_BELOW) || end < 0) throw new Error(`${file} has lost its line "${TABLES_BELOW} …"`);
  const served = new Set(ROUTES.map((route) => route.name));
  for (const name of Object.keys(SIMPLIFIED)) if (!served.has(name)) throw new Error(`${name} is called simplified and is not served`);
  for (const name of ABSENT) if (served.has(name)) throw new Error(`${name} is called absent and is served`);
  const security = { NONE: '', KEY: 'key', SIGNED: 'signed' };
  const endpoints = ROUTES.map((route) => `| \`${route.name}\` | ${weightText(route)} | ${security[route.security]} | ${SIMPLIFIED[route.name] === undefined ? 'complete' : `simplified: ${SIMPLIFIED[route.name]}`} |`);
  const streams = STREAMS.map(([route, stream, state, how]) => `| ${route} | ${stream} | ${state}${how === '' ? '' : `: ${how}`} |`);
  const methods = [...METHODS].map(([method, name]) => `| \`${method}\` | \`${name}\` | ${security[ROUTES.find((route) => route.name === name)!.security]} |`);
  const refusals = REFUSALS.toSorted((one, other) => other.code - one.code).map(({ code, text, status }) => `| ${code} | ${text} | ${status} |`);
  return `${written.slice(0, end + 1)}
## Endpoints

Complete: every documented parameter and field, and every limit and error that the reference knows of.

| endpoint | weight | needs | state |
|---|---|---|---|
${endpoints.join('\n')}

Absent, and answered as an unknown path (404, −5000): ${ABSENT.map((name) => (name.startsWith('the ') ? name : `\`${name}\``)).join(', ')}.

## WebSocket API

${WS_API}

| method | answers as | needs |
|---|---|---|
${methods.join('\n')}

## Streams

| route | stream | state |
|---|---|---|
${streams.join('\n')}

## Refusals

Each is met by a request in the tests.

| code | text | status |
|---|---|---|
${refusals.join('\n')}
`;
}

/** The page on supervision is written by hand down to a mark; below it, every case of the suites it is held to. */
function supervisionDocument(): string {
  const file = join(PROJECT_ROOT, 'docs/supervision.md');
  const written = readFileSync(file, 'utf8');
  const end = written.indexOf('\n', written.indexOf(CASES_BELOW));
  if (!written.includes(CASES_BELOW) || end < 0) throw new Error(`${file} has lost its line "${CASES_BELOW} …"`);
  const sections = SUITES.map(([suite, cases]) => {
    const count = (status: ConformanceCase['status']) => cases.filter((one) => one.status === status).length;
    const rows = cases.map(({ name, group, status, note }) => `| ${group} | ${name} | ${status === 'not-applicable' ? 'does not apply' : status} | ${note ?? ''} |`);
    return `### ${suite}\n\n${count('ported')} ported, ${count('adapted')} adapted, ${count('not-applicable')} do not apply.\n\n| group | case | here | |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `${written.slice(0, end + 1)}\n## The suites it is held to\n\n${sections.join('\n')}`;
}

const FAMILIES_BELOW = '<!-- Below: made by `npm run docs`';

function journalDocument(): string {
  const file = join(PROJECT_ROOT, 'docs/journal.md');
  const written = readFileSync(file, 'utf8');
  const end = written.indexOf('\n', written.indexOf(FAMILIES_BELOW));
  if (!written.includes(FAMILIES_BELOW) || end < 0) throw new Error(`${file} has lost its line "${FAMILIES_BELOW} …"`);
  const families = FAMILIES.map(({ entity, owner, holds, versions }) => `| \`${entity}${entity.endsWith('/') ? '…' : ''}\` | \`${owner}\` | ${holds} | ${isLog(entity) ? 'by age' : 'behind a Snapshot'} | ${versions.current} | ${versions.types.map((type) => `\`${type}\``).join(', ')} |`);
  const faults = Object.entries(VERIFY_FAULTS).map(([code, { sentence, remedy }]) => `| \`${code}\` | ${sentence} | ${remedy} |`);
  return `${written.slice(0, end + 1)}
## Entities

| entity | written by | holds | let go of | version | types |
|---|---|---|---|---|---|
${families.join('\n')}

## What \`verify\` finds

| code | what was found | what to do |
|---|---|---|
${faults.join('\n')}
`;
}

function laneText({ capacity, overflow, onRestart }: LaneSpec): string {
  return `${capacity}, ${overflow}, ${onRestart}`;
}

function otherLanes({ lanes }: MailboxSpec): string {
  return Object.entries(lanes ?? {}).map(([name, lane]) => `; ${name} (${lane.types.join(', ')}): ${laneText(lane)}`).join('');
}

/** The tree as it is composed, never started. */
async function actorsDocument(): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), 'vigil-docs-'));
  const journal = await openSqliteJournal({ file: join(dataDir, 'journal.db'), now: () => 0 });
  try {
    const config = loadConfig({ files: [], env: {}, sets: ['operator.http.listen=off'], dataDir, projectRoot: PROJECT_ROOT });
    const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
    const system = new ActorSystem({ clock: systemClock, random: systemRandom, turns: nactTurns, logFor: () => silent });
    const venue = createBinanceVenue({ endpoint: resolveEndpoint({ mode: 'paper', armed: undefined, paperUrl: 'http://127.0.0.1:1' }), armed: undefined, credentials: { apiKey: 'paper', apiSecret: 'paper' }, clock: systemClock, offsetMs: () => 0, log: () => undefined });
    const ignore = () => undefined;
    const tree = composeTree({ system, clock: systemClock, config, policy: loadPolicy(config.universe.policy!), strategies: await loadStrategies(config), journal, readModels: { show: async () => undefined, close: ignore }, tradingState: tradingStateFile(join(dataDir, 'trading-state')), venue, venueRest: { read: ignore, write: ignore }, paper: {}, tags: ['docs'], intentTokens: new Map(), facts: { configHash: '', buildId: '', startedAt: 0 }, mayRedeem: () => undefined, onClockOffset: ignore, onListening: ignore, audit: ignore, refuse: ignore, stop: ignore, startAfresh: ignore });
    const executor = tree.executorSpec('SYMBOL' as SymbolName);
    const lines: string[] = [];
    const details: string[] = [];
    walk(tree.spec, 0);
    return `# The tree and its actors\n\n${MADE}\nStarted from top to bottom, stopped from bottom to top.\n\n| path | what it is for | mailbox |\n|---|---|---|\n${lines.join('\n')}\n\n${details.join('\n\n')}\n`;

    function walk(spec: ChildSpec, depth: number): void {
      const indent = '&nbsp;&nbsp;'.repeat(depth);
      if (spec.kind === 'supervisor') {
        lines.push(`| ${indent}**${spec.path}** | ${spec.purpose} | |`);
        for (const child of spec.pool === undefined ? spec.children : [executor]) walk(child, depth + 1);
        return;
      }
      const { role, purpose, consumes, emits, mailbox } = spec.declaration;
      lines.push(`| ${indent}${spec.path} | ${purpose} | ${laneText(mailbox)} over a restart${otherLanes(mailbox)} |`);
      const takes = Object.entries(consumes).map(([type, meaning]) => `\`${type}\` (${meaning})`);
      details.push(`## ${role}\n\nTakes ${takes.join(', ')}.\n\nSends ${emits.join('; ') || 'nothing'}.`);
    }
  } finally {
    await journal.close();
    rmSync(dataDir, { recursive: true });
  }
}

function table(title: string, introduction: string, headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return `${title}\n\n${MADE}\n${introduction}\n\n| ${headings.join(' | ')} |\n|${headings.map(() => '---').join('|')}|\n${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`;
}

if (import.meta.main) {
  for (const [file, content] of await generatedDocs()) writeFileSync(join(PROJECT_ROOT, file), content);
  process.exit();
}
