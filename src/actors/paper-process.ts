/** The paper exchange as a supervised child process: it dies with us however we die, and is started again when it dies by itself. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { z } from 'zod';
import type { Behaviour } from '../supervision/behaviour.ts';
import type { ActorLog } from '../supervision/behaviour.ts';
import { sleep } from '../supervision/clock.ts';
import { VigilError } from '../protocol/errors.ts';

/** The predecessor of a killed service ends when its pipe closes; until it has, the state directory is its own. */
const PREDECESSOR_MS = 3_000;
const RETRY_MS = 200;

export interface PaperProcessOptions {
  /** As `src/paper/process.ts` reads them; the port is fixed, so that a restarted child is found where it was. */
  readonly child: object;
}

type Message = { readonly type: 'exited'; readonly code: number | null; readonly signal: string | null };

const reportSchema = z.discriminatedUnion('type', [z.looseObject({ type: z.literal('ready'), url: z.string() }), z.looseObject({ type: z.literal('refused'), message: z.string(), reason: z.enum(['state-in-use', 'address-in-use', 'refused']) }), z.looseObject({ type: z.literal('log'), level: z.enum(['debug', 'info', 'warn', 'error']), msg: z.string() })]);

interface PaperState {
  readonly child: ChildProcess;
  readonly url: string;
}

export function paperProcessBehaviour(options: PaperProcessOptions): Behaviour<Message, PaperState> {
  return {
    role: 'paper',
    purpose: 'Runs the paper exchange, a local venue spoken to over the same wire as the real one.',
    consumes: { exited: 'the child process ended' },
    emits: [],
    mailbox: { capacity: 10, overflow: 'reject', onRestart: 'flush' },
    async init(ctx) {
      const until = ctx.clock.monotonic() + PREDECESSOR_MS;
      for (;;) {
        const started = await startChild(options, ctx.log);
        if ('url' in started) {
          const { child, url } = started;
          const { self } = ctx;
          child.once('exit', (code, signal) => ctx.tell(self, { type: 'exited', code, signal }));
          ctx.own(() => void (child.connected && child.disconnect()));
          ctx.log.info({ url, pid: child.pid }, 'paper exchange is running');
          return { child, url };
        }
        if (started.reason === 'address-in-use') throw new VigilError('PORT_TAKEN', `paper.listen: ${started.refusal}`);
        if (started.reason === 'refused' || ctx.clock.monotonic() > until) throw new VigilError('PAPER_EXCHANGE_FAILED', started.refusal);
        await sleep(ctx.clock, RETRY_MS);
      }
    },
    receive(_state, message) {
      throw new Error(`the paper exchange ended by itself (${message.signal ?? `code ${message.code}`})`);
    },
    /** Its state is on disk already; it ends when its channel closes. */
    async terminate({ child }) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      if (child.connected) child.disconnect();
      await gone;
    },
    view: ({ child, url }) => ({ url, pid: child.pid ?? null }),
  };
}

/** Started in its own process group, out of reach of the terminal's Ctrl-C (ruling 30). */
async function startChild({ child: settings }: PaperProcessOptions, log: ActorLog): Promise<{ child: ChildProcess; url: string } | { refusal: string; reason: 'state-in-use' | 'address-in-use' | 'refused' }> {
  const child = fork(new URL('../paper/process.ts', import.meta.url), [JSON.stringify(settings)], { detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ refusal: error.message, reason: 'refused' }));
    child.once('exit', (code, signal) => resolve({ refusal: `it ended before it was ready (${signal ?? `code ${code}`})`, reason: 'refused' }));
    child.on('message', (raw) => {
      const report = reportSchema.safeParse(raw);
      if (!report.success) return log.warn({ issues: report.error.issues }, 'the paper exchange said something unknown');
      if (report.data.type === 'ready') return resolve({ child, url: report.data.url });
      if (report.data.type === 'refused') return resolve({ refusal: report.data.message, reason: report.data.reason });
      const { type: _type, level, msg, ...fields } = report.data;
      return log[level](fields, msg);
    });
  });
}
