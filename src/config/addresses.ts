/** Addresses a setting may name: this machine's own, and nothing beyond it. */

const LOOPBACK_V4 = /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;

export interface HostPort {
  /** As a server listens on it: no brackets around an IPv6 address. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** Reads `HOST:PORT`; an IPv6 host stands in brackets. Undefined: it is neither. */
export function readHostPort(text: string): HostPort | undefined {
  const found = /^(?:\[(?<six>[0-9a-fA-F:.]+)\]|(?<host>[^\s:[\]/@]+)):(?<port>\d{1,5})$/.exec(text)?.groups;
  const host = found?.['six'] ?? found?.['host'];
  const port = Number(found?.['port']);
  return host === undefined || !(port <= 65_535) ? undefined : { host, port };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || LOOPBACK_V4.test(host);
}

/** `HOST:PORT` of this machine. */
export function isLoopbackAddress(text: string): boolean {
  const address = readHostPort(text);
  return address !== undefined && isLoopback(address.host);
}

/** `redis://[USER:PASSWORD@]HOST[:PORT]`, or `rediss://`; no database, query or fragment, which a Cluster does not have or which would be ignored. */
export function isRedisUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'redis:' || url.protocol === 'rediss:') && url.hostname !== '' && ['', '/', '/0'].includes(url.pathname) && url.search === '' && url.hash === '';
}

/** `http://HOST:PORT` of this machine, without path, user or query. */
export function isLoopbackUrl(text: string): boolean {
  const found = /^http:\/\/(?<address>[^/]+)\/?$/.exec(text)?.groups?.['address'];
  return found !== undefined && isLoopbackAddress(found);
}
