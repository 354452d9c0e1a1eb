/** Who may do what over loopback TCP: a foreign page never anything, nobody without the token, and acts only where they are allowed. */
import type { IncomingHttpHeaders } from 'node:http';
import { VigilError } from '../protocol/errors.ts';
import { StatusError } from './api-error.ts';
import { INTENTS_PATH } from './endpoints/intents.ts';
import type { Sessions } from './session.ts';
import { urlHost } from './tcp-listener.ts';

export interface TcpAccess {
  readonly host: string;
  readonly sessions: Sessions;
  readonly allowControl: boolean;
}

export interface Request {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly port: number;
  readonly headers: IncomingHttpHeaders;
}

/** Served to anyone who comes from here: the page holds nothing, and the token is what the last one exchanges. */
const OPEN: ReadonlySet<string> = new Set(['/', '/page.js', '/panels.js', '/page.css', '/v1/session']);

/** Throws ORIGIN_REFUSED (403), NOT_AUTHENTICATED (401), or ACTION_REFUSED (403) where only reading is allowed. */
export function guard(access: TcpAccess, request: Request): void {
  const { method, path, headers } = request;
  refuseForeign(access, request);
  if (OPEN.has(path)) return;
  // Who hands in an intent has a token of its own, which the endpoint asks for: it opens nothing else.
  if (path === INTENTS_PATH && method === 'POST') return;
  if (!isKnown(access, request)) throw new VigilError('NOT_AUTHENTICATED', headers.authorization === undefined && headers.cookie === undefined ? 'the request carries no token' : 'the token or session is not valid');
  if (!access.allowControl && !['GET', 'HEAD', 'OPTIONS'].includes(method)) {
    throw new StatusError(403, 'ACTION_REFUSED', 'this address is for reading only: use the admin socket, or set operator.http.allowControl');
  }
}

/** A name that merely resolves to us (DNS rebinding), and a page from elsewhere, are strangers. */
function refuseForeign(access: TcpAccess, { path, port, headers }: Request): void {
  const hosts = ownHosts(access.host, port);
  const host = headers.host?.toLowerCase() ?? '';
  if (!hosts.has(host)) throw new VigilError('ORIGIN_REFUSED', `the Host ${JSON.stringify(host)} is not this service`, { details: { host } });
  const { origin } = headers;
  if (origin !== undefined && !(origin.startsWith('http://') && hosts.has(origin.slice(7).toLowerCase()))) throw new VigilError('ORIGIN_REFUSED', `the Origin ${JSON.stringify(origin)} is not this service`, { details: { origin } });
  const site = headers['sec-fetch-site'];
  // A page on another port of this host is "same-site", and its requests carry the cookie: it is foreign all the same.
  if (path.startsWith('/v1/') && (site === 'cross-site' || site === 'same-site')) throw new VigilError('ORIGIN_REFUSED', 'the request comes from another page', { details: { site } });
}

function ownHosts(host: string, port: number): ReadonlySet<string> {
  const names = ['127.0.0.1', 'localhost', '[::1]', urlHost(host)];
  // A browser leaves out the port of plain HTTP.
  return new Set(names.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`])));
}

function isKnown({ sessions }: TcpAccess, { headers, port }: Request): boolean {
  const [, bearer] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
  return bearer === undefined ? sessions.isOpen(headers.cookie, port) : sessions.isToken(bearer);
}
