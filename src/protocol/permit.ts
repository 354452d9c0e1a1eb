/**
 * Permits and mandates: the only way to the exchange. This file holds the one constructor of a permit; `main` calls
 * `createPermitAuthority` once and gives `issuer` to the governor, `redeemer` to the gateway, `epochs` to the trading
 * state. A permit made elsewhere does not compile (the brand), and does not redeem (the register).
 */
import { z } from 'zod';
import { decimal, decimalString, text } from './decimal.ts';
import type { DenialCode } from './denials.ts';
import { closingSide, openingSide } from './names.ts';
import type { ClientId, MandateId, PermitId, PositionSide, SymbolName } from './names.ts';
import type { MarginMode, VenueWrite } from './venue.ts';

/** How long a permit may be used after it was granted. */
export const PERMIT_LIFE_MS = 5_000;

export const mandateSchema = z.strictObject({
  mandateId: z.string().transform((value) => value as MandateId),
  symbol: z.string().transform((value) => value as SymbolName),
  /** The side of the position it protects and closes. */
  side: z.enum(['LONG', 'SHORT']),
  /** The most that can have been filled: no protective or closing order may be larger. */
  maxQuantity: decimalString,
});
/** The durable right to protect and close one position, reduce-only; bound to no epoch and no incarnation, ended by confirmed flat (ruling 2). */
export type Mandate = z.infer<typeof mandateSchema>;

interface Terms {
  readonly id: PermitId;
  readonly clientId: ClientId;
  readonly symbol: SymbolName;
  readonly expiresAt: number;
  /** The checks it passed, by code. */
  readonly checks: readonly DenialCode[];
}

declare const granted: unique symbol;

/** A granted permit: single use, for exactly one venue write (ruling 1). */
export type Permit = (
  | (Terms & {
      readonly kind: 'OPEN';
      readonly planHash: string;
      readonly side: PositionSide;
      readonly maxQuantity: string;
      readonly worstPrice: string;
      readonly reduceOnly: false;
      readonly leverage: number;
      readonly marginMode: MarginMode;
      readonly tradingEpoch: number;
      readonly executorIncarnation: number;
    })
  | (Terms & { readonly kind: 'CONFIGURE'; readonly leverage: number; readonly marginMode: MarginMode })
) & { readonly [granted]: true };

export type PermitOf<Kind extends Permit['kind']> = Extract<Permit, { kind: Kind }>;
type OpenTerms = Omit<PermitOf<'OPEN'>, 'id' | 'kind' | 'reduceOnly' | 'tradingEpoch' | 'expiresAt' | typeof granted>;
type ConfigureTerms = Omit<PermitOf<'CONFIGURE'>, 'id' | 'kind' | 'expiresAt' | typeof granted>;

/** What a write is redeemed against. */
export type Authority = { readonly by: 'permit'; readonly permit: Permit } | { readonly by: 'mandate'; readonly mandateId: MandateId };

export interface PermitIssuer {
  /** One permit to open, with the mandate under which the position is protected and closed. */
  open(terms: OpenTerms): { readonly permit: PermitOf<'OPEN'>; readonly mandate: Mandate };
  configure(terms: ConfigureTerms): PermitOf<'CONFIGURE'>;
  /** Takes up a mandate that is on record: after a restart, or of an adopted position. */
  restoreMandate(mandate: Mandate): void;
  endMandate(mandateId: MandateId): void;
  /** Ends whatever mandate of the symbol is left: it is flat. */
  endMandatesOf(symbol: SymbolName): void;
  /** Voids every permit to open that is out: who granted it is gone, and with him what he had reserved (ruling 14). Mandates stand. */
  revokeOpenings(): void;
}

export type Redemption = { readonly ok: true; readonly under: PermitId | MandateId } | { readonly ok: false; readonly code: DenialCode; readonly detail: string };

export interface PermitRedeemer {
  /** Uses up what `authority` grants for this one write; `executorIncarnation` is the one that lives now. */
  redeem(write: VenueWrite, authority: Authority, executorIncarnation: number): Redemption;
}

/** The trading epoch: every advance revokes all outstanding permits to open, in the same turn (ruling 11). */
export interface TradingEpochs {
  current(): number;
  advance(): number;
}

/** @param options.now wall time, which a permit says of itself. @param options.monotonic what it lives by: a clock that is set makes none longer or shorter. Both ms. */
export function createPermitAuthority(options: { now: () => number; monotonic: () => number; firstEpoch?: number }): { issuer: PermitIssuer; redeemer: PermitRedeemer; epochs: TradingEpochs } {
  /** Until when each may be used, monotonic ms. */
  const outstanding = new Map<Permit, number>();
  const revoked = new WeakSet<Permit>();
  const mandates = new Map<MandateId, Mandate>();
  let epoch = options.firstEpoch ?? 1;
  let count = 0;

  const register = <P extends Permit>(terms: object): P => {
    for (const [permit, until] of outstanding) if (until < options.monotonic()) outstanding.delete(permit);
    const permit = Object.freeze({ ...terms, id: `permit-${options.now().toString(36)}-${(++count).toString(36)}`, expiresAt: options.now() + PERMIT_LIFE_MS }) as unknown as P;
    outstanding.set(permit, options.monotonic() + PERMIT_LIFE_MS);
    return permit;
  };

  const issuer: PermitIssuer = {
    open(terms) {
      const permit = register<PermitOf<'OPEN'>>({ ...terms, kind: 'OPEN', reduceOnly: false, tradingEpoch: epoch });
      const mandate: Mandate = { mandateId: `mandate-${terms.planHash}` as MandateId, symbol: terms.symbol, side: terms.side, maxQuantity: terms.maxQuantity };
      mandates.set(mandate.mandateId, mandate);
      return { permit, mandate };
    },
    configure: (terms) => register<PermitOf<'CONFIGURE'>>({ ...terms, kind: 'CONFIGURE' }),
    restoreMandate: (mandate) => void mandates.set(mandate.mandateId, mandate),
    endMandate: (mandateId) => void mandates.delete(mandateId),
    endMandatesOf(symbol) {
      for (const mandate of mandates.values()) if (mandate.symbol === symbol) mandates.delete(mandate.mandateId);
    },
    revokeOpenings() {
      for (const permit of outstanding.keys()) if (permit.kind === 'OPEN') revoked.add(permit);
    },
  };

  const redeemer: PermitRedeemer = {
    redeem(write, authority, executorIncarnation) {
      if (authority.by === 'mandate') {
        const fault = mandateFault(write, mandates.get(authority.mandateId));
        return fault === undefined ? { ok: true, under: authority.mandateId } : { ok: false, ...fault };
      }
      const { permit } = authority;
      if (revoked.has(permit)) return refuse('PERMIT_REVOKED', `the governor that granted ${permit.id} is gone`);
      const until = outstanding.get(permit);
      if (until === undefined) return refuse('PERMIT_UNKNOWN', `no outstanding permit ${permit.id}`);
      outstanding.delete(permit);
      const lateMs = options.monotonic() - until;
      if (lateMs > 0) return refuse('PERMIT_EXPIRED', `expired ${Math.ceil(lateMs)} ms ago`);
      const difference = mismatch(write, permit);
      if (difference !== undefined) return refuse('PERMIT_MISMATCH', difference);
      if (permit.kind === 'OPEN') {
        if (permit.tradingEpoch !== epoch) return refuse('PERMIT_EPOCH', `granted in trading epoch ${permit.tradingEpoch}, now ${epoch}`);
        if (permit.executorIncarnation !== executorIncarnation) return refuse('PERMIT_FENCED', `granted to incarnation ${permit.executorIncarnation}, now ${executorIncarnation}`);
      }
      return { ok: true, under: permit.id };
    },
  };

  return { issuer, redeemer, epochs: { current: () => epoch, advance: () => ++epoch } };
}

function refuse(code: DenialCode, detail: string): Redemption {
  return { ok: false, code, detail };
}

function mismatch(write: VenueWrite, permit: Permit): string | undefined {
  if (write.kind !== permit.kind) return `${write.kind} is not ${permit.kind}`;
  if (write.symbol !== permit.symbol) return `symbol ${write.symbol} is not ${permit.symbol}`;
  if (write.clientId !== permit.clientId) return `client id ${write.clientId} is not ${permit.clientId}`;
  if (write.kind === 'OPEN' && permit.kind === 'OPEN') {
    if (write.side !== openingSide(permit.side)) return `${write.side} does not open ${permit.side}`;
    if (write.quantity.isGreaterThan(permit.maxQuantity)) return `quantity ${text(write.quantity)} is above ${permit.maxQuantity}`;
    const worse = permit.side === 'LONG' ? write.price.isGreaterThan(permit.worstPrice) : write.price.isLessThan(permit.worstPrice);
    if (worse) return `price ${text(write.price)} is worse than ${permit.worstPrice}`;
  }
  if (write.kind === 'CONFIGURE' && permit.kind === 'CONFIGURE') {
    const same = write.setting === 'leverage' ? write.leverage === permit.leverage : write.marginMode === permit.marginMode;
    if (!same) return `${write.setting} is not what was permitted`;
  }
  return undefined;
}

/**
 * Why a mandate does not cover a write; undefined: it does. Under a mandate only what protects, closes or clears away is
 * possible: an opening has another type and never gets here. The guards of an exit (`rules/guards/exit.ts`) ask the same.
 */
export function mandateFault(write: VenueWrite, mandate: Mandate | undefined): { readonly code: DenialCode; readonly detail: string } | undefined {
  const mismatched = (detail: string) => ({ code: 'PERMIT_MISMATCH', detail }) as const;
  if (mandate === undefined) return { code: 'MANDATE_UNKNOWN', detail: `no mandate for ${write.symbol}` };
  if (write.symbol !== mandate.symbol) return mismatched(`symbol ${write.symbol} is not ${mandate.symbol}`);
  switch (write.kind) {
    case 'OPEN':
    case 'CONFIGURE':
      return mismatched(`a mandate does not cover ${write.kind}`);
    case 'CANCEL':
      return undefined;
    case 'CLOSE':
    case 'PROTECT': {
      if (write.side !== closingSide(mandate.side)) return mismatched(`${write.side} does not close ${mandate.side}`);
      return write.quantity.isGreaterThan(decimal(mandate.maxQuantity)) ? mismatched(`quantity ${text(write.quantity)} is above ${mandate.maxQuantity}`) : undefined;
    }
  }
}
