/** What the paper exchange's process is started with, and the address it will have: chosen before, so that a restarted child is found where it was. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { readHostPort } from '../config.ts';
import type { Config } from '../config.ts';

export interface PaperChild {
  readonly url: string;
  /** As `src/paper/process.ts` reads it. */
  readonly options: object;
}

/** Undefined: another venue, or a paper exchange that runs already (`venue.paper.url`). */
export async function paperChild(config: Config): Promise<PaperChild | undefined> {
  if (config.venue.mode !== 'paper' || config.venue.paper.url !== undefined) return undefined;
  const { host, port: wanted } = readHostPort(config.paper.listen)!;
  const port = wanted === 0 ? await freePort(host) : wanted;
  const { seed, balance, replay, speed, replayHistory, replayAlign } = config.paper;
  const options = {
    host,
    port,
    balance,
    stateDir: join(config.dataDir, 'paper'),
    ...(seed === null ? {} : { seed }),
    ...(replay === null ? {} : { replay: { dir: replay, speed, history: replayHistory, align: replayAlign } }),
  };
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, options };
}

function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, host, () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
