/**
 * The time by which caches judge how old their answers are. An editor's process stays for days, and files change under it; a run over
 * a tree takes the tree as it is when it starts, and need not look again at what it has seen.
 */
let held: number | undefined;

/** Milliseconds since the epoch, as `Date.now()`; standing still while a run holds it. */
export function now(): number { return held ?? Date.now(); }

/** Stops the clock until the returned function is called. */
export function holdClock(): () => void {
  const before = held;
  held ??= Date.now();
  return () => { held = before; };
}
