/** Exit codes of the service: the launcher starts it again after a crash or for a fresh start, after a crash also when the journal's store or the disk is away, and not after the others. */
export const EXIT = { done: 0, refused: 2, storeAway: 69, crashed: 70, startAfresh: 75 } as const;
