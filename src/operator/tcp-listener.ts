/** The page's door is on loopback and nowhere else; a taken port is said by its number. */
import type { Server } from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import { VigilError } from '../protocol/errors.ts';

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads `HOST:PORT`; undefined for `off`. Throws CONFIG_INVALID, also for a host beyond loopback. */
export function parseListen(listen: string): TcpAddress | undefined {
  if (listen === 'off') return undefined;
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(listen) ?? [];
  const name = bracketed ?? plain ?? '';
  const port = Number(digits);
  if (digits === undefined || port > 65_535) throw fault(listen, 'is not HOST:PORT, such as 127.0.0.1:8470, and not "off"');
  // A name is resolved by whoever answers; the address is ours.
  const host = name === 'localhost' ? '127.0.0.1' : name;
  if (!isLoopback(host)) throw fault(listen, 'is beyond loopback: this version listens on 127.0.0.1 or [::1] only');
  return { host, port };
}

/** Listens; returns the port in use. Throws PORT_TAKEN. */
export function listenOnTcp(server: Server, { host, port }: TcpAddress): Promise<number> {
  return new Promise((settle, fail) => {
    const failed = (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') fail(new VigilError('PORT_TAKEN', `${host}:${port} is taken by another process`, { cause: error, details: { host, port } }));
      else fail(error);
    };
    server.once('error', failed);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', failed);
      const address = server.address();
      settle(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** As it stands in a URL. */
export function urlHost(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

function isLoopback(host: string): boolean {
  return host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function fault(listen: string, why: string): VigilError {
  return new VigilError('CONFIG_INVALID', `operator.http.listen: ${JSON.stringify(listen)} ${why}`, { details: { field: 'operator.http.listen', value: listen } });
}
