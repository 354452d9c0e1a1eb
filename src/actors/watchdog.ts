/** Never silently dead: holds every edge to its flow contract, restarts who is silent, lowers trading for what cannot be kept running, and keeps the alerts. */
import type { ActorContext, Behaviour } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { isoTime } from '../supervision/clock.ts';
import type { FlowContract } from '../supervision/flow/flow-contract.ts';
import { FlowWatch } from '../supervision/flow/flow-watch.ts';
import type { Nodes } from '../supervision/flow/flow-watch.ts';
import type { NodeView } from '../supervision/inspection.ts';
import type { Ref } from '../supervision/ref.ts';
import type { StandingMessage, TradingStateCauses, WatchdogMessage } from '../protocol/messages.ts';
import type { AlertView, FlowView } from '../protocol/read-models.ts';
import type { LifeView, ReadinessView } from '../protocol/views.ts';
import type { SymbolName } from '../protocol/names.ts';
import { causesOf, foldExhausted, foldGateway, GATEWAY_AWAY_MS, rowOf } from '../rules/exhaustion.ts';
import type { Exhausted, GatewayWatch } from '../rules/exhaustion.ts';

/** How often the tree is looked at: whatever is wrong is told within seconds. */
const LOOK_EVERY_MS = 1_000;
/** Looked so late, it was not the others who slept: the process was stopped, or the loop blocked. */
const OVERSLEPT_LOOKS = 5;

export interface WatchdogOptions {
  /** What is expected, from the configuration: never from who reported. `heldWhile: 'ready'`: while the ready gate is open. */
  readonly contracts: readonly FlowContract[];
  readonly tree: () => NodeView;
  /** Ends a silent producer, so that its supervisor starts it again and its budget counts it. */
  readonly kill: (path: string, reason: string) => void;
  readonly tradingState: Ref<TradingStateCauses>;
  /** Ends the process, to be started afresh by what is above it (ruling 13). */
  readonly startAfresh: (reason: string) => void;
  readonly lookEveryMs?: number;
}

type Internal = WatchdogMessage | { readonly type: 'look' };

interface Alert {
  /** Wall time, ms. */
  readonly since: number;
  message: string;
}

interface WatchdogState {
  readonly flows: readonly FlowWatch[];
  readonly lives: Map<SymbolName, LifeView>;
  readonly alerts: Map<string, Alert>;
  readiness: ReadinessView | undefined;
  exhausted: ReadonlyMap<string, Exhausted>;
  gateway: GatewayWatch;
  lookedAt: number;
  killed: number;
  /** Reports on edges without a contract: a producer and the configuration do not agree. */
  unexpected: number;
  ended: boolean;
  readonly now: () => { readonly wall: number; readonly monotonic: number };
}

type Context = ActorContext<Internal>;

export function watchdogBehaviour(options: WatchdogOptions): Behaviour<Internal, WatchdogState> {
  const lookEveryMs = options.lookEveryMs ?? LOOK_EVERY_MS;
  /** What others have said that stands, by who said it. Of the process: told that a cause is gone, the trading state forgets that an operator has ended it. */
  const reported = new Map<string, StandingMessage>();
  return {
    role: 'watchdog',
    purpose: 'Notices who is silent, restarts them, and says what stays wrong.',
    consumes: { flowed: 'what an edge carried', standing: 'what stands wrong in the eyes of another', readiness: 'whether generators are to evaluate', life: 'what is open', 'get-flows': 'how are the contracts kept?', 'get-alerts': 'what stands?', look: 'the tree is due' },
    emits: ['causes → trading-state'],
    // A few reports and one life a symbol each second; a full minute of a hundred symbols fits. What is lost is told again.
    mailbox: { capacity: 10_000, overflow: 'drop-oldest', onRestart: 'keep' },
    init({ timers, clock }) {
      timers.every('look', lookEveryMs, { type: 'look' });
      return { flows: options.contracts.map((contract) => new FlowWatch(contract)), lives: new Map(), alerts: new Map(), readiness: undefined, exhausted: new Map(), gateway: { awaySince: undefined, steady: undefined }, lookedAt: clock.monotonic(), killed: 0, unexpected: 0, ended: false, now: () => ({ wall: clock.now(), monotonic: clock.monotonic() }) };
    },
    receive(state, message, ctx) {
      switch (message.type) {
        case 'flowed': {
          const flows = state.flows.filter((flow) => flow.contract.edge === message.edge);
          if (flows.length === 0) state.unexpected += 1;
          for (const flow of flows) flow.track.flowed(message.outcomes, ctx.clock.monotonic());
          return same;
        }
        case 'standing':
          reported.set(message.from, message);
          return same;
        case 'readiness':
          state.readiness = message.view;
          return same;
        case 'life':
          state.lives.set(message.view.symbol, message.view);
          return same;
        case 'get-flows':
          ctx.answering(message)(flowViews(state));
          return same;
        case 'get-alerts':
          ctx.answering(message)(alertViews(state));
          return same;
        case 'look':
          look(state, ctx);
          return same;
      }
    },
    view: (state) => ({ flows: flowViews(state), alerts: alertViews(state), exhausted: [...state.exhausted.keys()], restarted: state.killed, unexpectedReports: state.unexpected }),
  };

  function look(state: WatchdogState, ctx: Context): void {
    const now = ctx.clock.monotonic();
    const nodes = byPath(options.tree());
    if (now - state.lookedAt > OVERSLEPT_LOOKS * lookEveryMs) {
      ctx.log.warn({ sleptMs: now - state.lookedAt }, 'overslept: nobody\'s silence is counted for that time');
      for (const flow of state.flows) flow.forget();
    }
    state.lookedAt = now;
    const standing = new Map<string, string>();
    for (const flow of state.flows) lookAtFlow(state, flow, nodes, now, standing, ctx);
    state.exhausted = foldExhausted(state.exhausted, [...nodes.values()], now);
    for (const path of state.exhausted.keys()) standing.set(`restarts-spent/${path}`, `${path} has spent its restart budget and is retried slowly: ${rowOf(path)?.because ?? 'it is in no table'}`);
    lookAtGateway(state, nodes, now, standing);
    const said = [...reported.values()];
    for (const { alerts } of said) for (const { name, message } of alerts) standing.set(name, message);
    // Whoever is away takes nothing; and an order of the operator must find room there.
    if (nodes.get(options.tradingState.path)?.status === 'running') ctx.tell(options.tradingState, { type: 'causes', causes: [...causesOf(state.exhausted), ...said.flatMap(({ causes }) => causes ?? [])], reconciled: state.readiness !== undefined && !state.readiness.missing.some((one) => one.input === 'reconciliation') });
    settleAlerts(state, standing, ctx);
  }

  function lookAtFlow(state: WatchdogState, flow: FlowWatch, nodes: Nodes, now: number, standing: Map<string, string>, ctx: Context): void {
    const { edge, producer, heldWhile } = flow.contract;
    const { verdict, kill, message } = flow.look(nodes, heldWhile !== 'ready' || state.readiness?.ready === true, now);
    if (message !== '') standing.set(`flow-${verdict.state}/${edge}`, `${edge}: ${message}`);
    if (verdict.misconfigured) standing.set(`flow-misconfigured/${edge}`, `${edge}: ${Math.round(verdict.misconfiguredRatio * 100)} % of what it carried was misconfigured: ${describe(flow.track.outcomes(now))}`);
    if (!kill) return;
    state.killed += 1;
    ctx.log.error({ edge, producer, silentMs: verdict.forMs, outcomes: flow.track.outcomes(now) }, `${edge}: ${message}`);
    options.kill(producer, `${edge}: silent`);
  }

  /** Exits need it: what is above the process can do more than a slow retry within (ruling 13). */
  function lookAtGateway(state: WatchdogState, nodes: Nodes, now: number, standing: Map<string, string>): void {
    state.gateway = foldGateway(state.gateway, nodes.get('gateway'), now);
    const { awaySince } = state.gateway;
    if (awaySince === undefined || now - awaySince < GATEWAY_AWAY_MS) return;
    const open = [...state.lives.values()].filter((life) => life.phase !== 'Flat').map((life) => life.symbol);
    const message = `the gateway has been away for ${Math.round((now - awaySince) / 1_000)} s; open: ${open.join(', ') || 'nothing'}`;
    standing.set('gateway-away', message);
    if (open.length === 0 || state.ended) return;
    state.ended = true;
    options.startAfresh(message);
  }
}

/** Alerts are what stands at this look: raised and cleared by nothing else. */
function settleAlerts(state: WatchdogState, standing: ReadonlyMap<string, string>, ctx: Context): void {
  for (const [name, { message, since }] of state.alerts) {
    if (standing.has(name)) continue;
    state.alerts.delete(name);
    ctx.log.info({ alert: name, stoodMs: ctx.clock.now() - since }, `over: ${message}`);
  }
  for (const [name, message] of standing) {
    const known = state.alerts.get(name);
    if (known !== undefined) known.message = message;
    else {
      state.alerts.set(name, { since: ctx.clock.now(), message });
      ctx.log.error({ alert: name }, `alert: ${message}`);
    }
  }
}

function flowViews(state: WatchdogState): readonly FlowView[] {
  const { wall, monotonic } = state.now();
  return state.flows.map(({ track, contract, finding }) => {
    const verdict = track.verdict(monotonic);
    const { edge, producer, everyMs, graceMs, acceptEveryMs, maxMisconfiguredRatio, windowMs, restarts } = contract;
    const lastSeenAgeMs = track.lastSeenAt === undefined ? null : monotonic - track.lastSeenAt;
    return {
      edge, producer, everyMs, graceMs,
      acceptEveryMs: acceptEveryMs ?? null,
      maxMisconfiguredRatio: maxMisconfiguredRatio ?? null,
      state: verdict.state,
      broken: verdict.broken,
      breaker: verdict.misconfigured ? 'open' : 'closed',
      lastSeenAt: lastSeenAgeMs === null ? null : isoTime(wall - lastSeenAgeMs),
      lastSeenAgeMs: lastSeenAgeMs === null ? null : Math.round(lastSeenAgeMs),
      windowMs,
      outcomes: track.outcomes(monotonic),
      restarts: { used: track.restartsInWindow(monotonic), ...restarts },
      restartsSpent: finding?.givenUp === true && verdict.state === 'silent',
      message: verdict.broken ? (finding?.message ?? '') : '',
    };
  });
}

function alertViews({ alerts }: WatchdogState): readonly AlertView[] {
  return [...alerts].map(([name, { since, message }]) => ({ name, since: isoTime(since), message }));
}

function byPath(root: NodeView): Nodes {
  const nodes = new Map<string, NodeView>();
  const add = (node: NodeView) => {
    nodes.set(node.path, node);
    for (const child of node.children) add(child);
  };
  add(root);
  return nodes;
}

function describe(outcomes: Readonly<Record<string, number>>): string {
  return Object.entries(outcomes).toSorted((a, b) => b[1] - a[1]).map(([code, count]) => `${code} ${count}`).join(', ');
}
