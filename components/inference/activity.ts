/** What the component is doing, for whoever wants to interrupt it. */
export class Activity {
  /** Images that are known and have not had their turn. */
  waiting = 0;
  /** Whether one has its turn now. */
  classifying = false;

  get busy(): boolean {
    return this.classifying || this.waiting > 0;
  }
}
