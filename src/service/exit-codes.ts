/** Exit codes of the service: the launcher starts it again after a crash or for a fresh start, and not after the others. */
export const EXIT = { done: 0, refused: 2, crashed: 70, startAfresh: 75 } as const;
