/** A message is nobody's to change once it is sent: frozen at every depth, as far as it is plain (reference nact.md, H36). */

/** Freezes plain objects and arrays; what has a class of its own keeps its own counsel. */
export function seal(value: unknown): void {
  if (typeof value !== 'object' || value === null || !isPlain(value)) return;
  // A frozen one may still hold what is not: it is looked through once, and a circle ends here.
  if (sealed.has(value)) return;
  sealed.add(value);
  Object.freeze(value);
  for (const part of Object.values(value)) seal(part);
}

const sealed = new WeakSet<object>();

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
