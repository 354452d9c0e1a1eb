/** Marks a message that is asked, not told: the type of its answer travels with it and costs nothing at run time. */
export interface Replying<Answer> {
  readonly '~answer'?: Answer;
}
