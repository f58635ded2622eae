/** What the component is doing, for whoever wants to interrupt it. */
export class Activity {
  /** Images that are known and have not had their turn. */
  waiting = 0;
  /** Whether one has its turn now. */
  classifying = false;
  /** Whether there is no agent, so that nothing gets done; an update may be the cure. */
  isHeldUp = false;

  get busy(): boolean {
    return !this.isHeldUp && (this.classifying || this.waiting > 0);
  }
}
