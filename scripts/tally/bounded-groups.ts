/** @property weight how much a group counts; the lighter ones make room @property merge adds a group to the others' */
export type GroupRule<Group> = { readonly most: number; readonly create: () => Group; readonly weight: (group: Group) => number; readonly merge: (others: Group, group: Group) => void };

/**
 * Groups by name, of which there may be more names than memory: the heavier ones are kept and the rest is put together. A
 * name that was dropped and comes back begins anew: what is common is counted right, and the sum of all always is.
 */
export class BoundedGroups<Group> {
  readonly #rule: GroupRule<Group>;
  readonly #groups = new Map<string, Group>();
  readonly #others: Group;

  constructor(rule: GroupRule<Group>) {
    this.#rule = rule;
    this.#others = rule.create();
  }

  /** The group of a name, to be added to at once. */
  get(name: string): Group {
    const found = this.#groups.get(name);
    if (found !== undefined) return found;
    // Only now and then: each time costs as much as there are groups.
    if (this.#groups.size >= 2 * this.#rule.most) this.#prune();
    const created = this.#rule.create();
    this.#groups.set(name, created);
    return created;
  }

  /** The heaviest groups first, equally heavy ones by name, and what was put together. */
  result(): { readonly groups: readonly (readonly [name: string, group: Group])[]; readonly others: Group } {
    this.#prune();
    return { groups: this.#sorted(), others: this.#others };
  }

  #prune(): void {
    for (const [name, group] of this.#sorted().slice(this.#rule.most)) {
      this.#rule.merge(this.#others, group);
      this.#groups.delete(name);
    }
  }

  #sorted(): [string, Group][] {
    const { weight } = this.#rule;
    return [...this.#groups].toSorted(([a, first], [b, second]) => weight(second) - weight(first) || (a < b ? -1 : 1));
  }
}
