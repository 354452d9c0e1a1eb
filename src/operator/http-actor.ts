/** The actor `operator/http`: the service can be asked and told as long as it runs; whatever ends this actor, its doors close with it and open again where they were. */
import type { FastifyInstance } from 'fastify';
import type { HappenedMessage } from '../protocol/messages.ts';
import type { AlertView } from '../protocol/read-models.ts';
import type { Replying } from '../protocol/replying.ts';
import type { Behaviour, InitContext, Outcome } from '../supervision/behaviour.ts';
import { same } from '../supervision/behaviour.ts';
import { guard } from './access.ts';
import type { TcpAccess } from './access.ts';
import { apiServer, pathOf } from './api-server.ts';
import type { Endpoint } from './endpoint.ts';
import { actorEndpoints } from './endpoints/actors.ts';
import { auditEndpoint } from './endpoints/audit.ts';
import { controlEndpoints } from './endpoints/control.ts';
import { deadLetterEndpoints } from './endpoints/dead-letters.ts';
import { eventsEndpoint } from './endpoints/events.ts';
import { flowEndpoints } from './endpoints/flows.ts';
import { flattenEndpoint } from './endpoints/flatten.ts';
import { helpEndpoint } from './endpoints/help.ts';
import { addPage, sessionEndpoint } from './endpoints/page.ts';
import { intentsEndpoint } from './endpoints/intents.ts';
import { lockEndpoints } from './endpoints/locks.ts';
import { reconcileEndpoints } from './endpoints/reconcile.ts';
import { serviceEndpoints } from './endpoints/service.ts';
import { strategyEndpoints } from './endpoints/strategies.ts';
import { universeEndpoints } from './endpoints/universe.ts';
import { viewEndpoints } from './endpoints/views.ts';
import { whyEndpoints } from './endpoints/why.ts';
import { EventLog } from './event-log.ts';
import type { Addresses, OperatorOptions } from './options.ts';
import { ANSWER_HEADERS } from './page-files.ts';
import { Sessions, tokenOf } from './session.ts';
import { listenOnTcp, parseListen, urlHost } from './tcp-listener.ts';
import type { TcpAddress } from './tcp-listener.ts';
import { listenOnSocket } from './unix-listener.ts';

export type OperatorHttpMessage = ({ readonly type: 'addresses' } & Replying<Addresses>) | HappenedMessage | { readonly type: 'look' } | { readonly type: 'alerts'; readonly outcome: Outcome<readonly AlertView[]> };

/** What stands wrong is asked for so often, to tell of what begins and ends. */
const ALERTS_EVERY_MS = 1_000;
const ANSWER_MS = 500;
/** Some cycles of a hundred symbols: what comes faster than it is taken is lost for who follows, and counted; the journal has it. */
const HAPPENED = 4_096;

export interface OperatorHttpState {
  readonly addresses: Addresses;
  readonly listen: string;
  readonly allowControl: boolean;
  readonly doors: readonly FastifyInstance[];
}

export function operatorHttpBehaviour(options: OperatorOptions): Behaviour<OperatorHttpMessage, OperatorHttpState> {
  const wanted = parseListen(options.http.listen);
  /** Kept over incarnations: port 0 is drawn once, so that the printed address stays true. */
  const address: { current: TcpAddress | undefined } = { current: wanted };
  /** So is this: the end of an incarnation is among what is to be seen. */
  let events: EventLog | undefined;
  return {
    role: 'operator/http',
    purpose: 'Answers the operator: the admin socket, and the page on loopback.',
    consumes: { addresses: 'where does it listen?', happened: 'something has been decided or recorded', look: 'the alerts are to be looked at', alerts: 'what stands wrong' },
    emits: [options.refs.readiness.path, options.refs.tradingState.path, options.refs.decisions.path, options.refs.watchdog.path],
    // HTTP requests do not come through the mailbox; what does is a question at start.
    mailbox: { capacity: 64, overflow: 'reject', onRestart: 'keep', lanes: { telemetry: { types: ['happened'], capacity: HAPPENED, overflow: 'drop-oldest', onRestart: 'keep' } } },
    async init(ctx) {
      events ??= new EventLog((listener) => options.system.subscribe(listener), ctx.clock);
      ctx.timers.every('look', ALERTS_EVERY_MS, { type: 'look' });
      const endpoints = table(options, events, ctx);
      const socketDoor = await apiServer({ door: 'socket', endpoints, log: ctx.log });
      const socket = await listenOnSocket(socketDoor.server, options.service.dataDir);
      own(ctx, socketDoor);
      if (address.current === undefined) return opened(options, { socket, url: undefined }, 'off', [socketDoor]);

      const token = options.http.token ?? tokenOf(options.service.dataDir, ctx.random);
      const { host } = address.current;
      const tcpDoor = await openTcp(ctx, endpoints, { host, sessions: new Sessions(token, ctx.clock), allowControl: options.http.allowControl });
      const port = await listenOnTcp(tcpDoor.server, address.current);
      own(ctx, tcpDoor);
      address.current = { host, port };
      const origin = `http://${urlHost(host)}:${port}`;
      ctx.log.info({ socket, listen: origin }, 'the operator can ask');
      return opened(options, { socket, url: `${origin}/#token=${encodeURIComponent(token)}` }, origin, [socketDoor, tcpDoor]);
    },
    receive({ addresses }, message, ctx) {
      switch (message.type) {
        case 'addresses':
          ctx.answering(message)(addresses);
          return same;
        case 'happened':
          events?.happened(message);
          return same;
        case 'look':
          ctx.ask(options.refs.watchdog, { type: 'get-alerts' }, ANSWER_MS, (outcome) => ({ type: 'alerts', outcome }));
          return same;
        case 'alerts':
          // Who does not answer has ended nothing: what stood wrong is then as unknown as the rest.
          if (message.outcome.ok) events?.alerts(message.outcome.value);
          return same;
      }
    },
    async terminate({ doors }) {
      for (const door of doors) door.server.closeAllConnections();
      await Promise.all(doors.map((door) => door.close()));
    },
    // The URL has the token in it.
    view: ({ addresses, listen, allowControl }) => ({ socket: addresses.socket, listen, allowControl }),
  };
}

/** Everything that can be asked and told, in the order of the help. */
function table(options: OperatorOptions, events: EventLog, { clock, path }: InitContext<OperatorHttpMessage>): readonly Endpoint[] {
  const endpoints = [...viewEndpoints(options, events, clock), ...universeEndpoints(options), ...lockEndpoints(options), intentsEndpoint(options), ...strategyEndpoints(options), ...flowEndpoints(options), ...whyEndpoints(options, clock), ...actorEndpoints(options), ...deadLetterEndpoints(options), eventsEndpoint(events, clock), ...controlEndpoints(options, path), ...serviceEndpoints(options, clock), flattenEndpoint(options, clock), ...reconcileEndpoints(options, clock), auditEndpoint(options)];
  const help = helpEndpoint(endpoints);
  return [help, ...endpoints];
}

function openTcp(ctx: InitContext<OperatorHttpMessage>, endpoints: readonly Endpoint[], access: TcpAccess): Promise<FastifyInstance> {
  return apiServer({
    door: 'tcp',
    endpoints: [...endpoints, sessionEndpoint(access.sessions)],
    log: ctx.log,
    headers: ANSWER_HEADERS,
    guard: ({ method, raw }) => guard(access, { method, path: pathOf(raw), port: raw.socket.localPort ?? 0, headers: raw.headers }),
    extend: addPage,
  });
}

function opened(options: OperatorOptions, addresses: Addresses, listen: string, doors: readonly FastifyInstance[]): OperatorHttpState {
  options.onListening?.(addresses);
  return { addresses, listen, allowControl: options.http.allowControl, doors };
}

/** Shut at once and without waiting when this incarnation ends: the next needs the socket and the port. */
function own(ctx: InitContext<OperatorHttpMessage>, door: FastifyInstance): void {
  // Out of descriptors, say: without a listener, a failed accept would end the process.
  door.server.on('error', (error) => ctx.log.error({ error }, 'a connection could not be accepted'));
  ctx.own(() => {
    door.server.close();
    door.server.closeAllConnections();
  });
}
