import { z } from 'zod';
import { readJsonFile, writeJsonFile } from './json-file.ts';

const configuration = z.object({
  values: z.record(z.string(), z.json()),
  changes: z.array(z.object({ path: z.array(z.string()), timestampMs: z.number() })),
});

const component = z.object({
  name: z.string(),
  version: z.string(),
  /** What ran before this version; its files are kept. */
  previousVersion: z.string().optional(),
  content: z.object({ recipe: z.string(), artifacts: z.string() }),
});

const record = z.object({
  id: z.string(),
  createdMs: z.number(),
  status: z.enum(['QUEUED', 'IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'CANCELED']),
  detail: z.enum(['SUCCESSFUL', 'FAILED_NO_STATE_CHANGE', 'FAILED_ROLLBACK_NOT_REQUESTED', 'FAILED_ROLLBACK_COMPLETE', 'FAILED_UNABLE_TO_ROLLBACK']).optional(),
  reason: z.string().optional(),
});

/** The state file's content. */
export const nucleusState = z.object({
  /** Root components and the versions wanted of them, by group. */
  groups: z.record(z.string(), z.record(z.string(), z.string())),
  /** What runs, dependencies first. */
  components: z.array(component),
  configuration: z.record(z.string(), configuration),
  /** Component name to `user[:group]`. */
  runWith: z.record(z.string(), z.string()),
  /** Deployments, oldest first. */
  deployments: z.array(record),
});

export type DeploymentRecord = z.output<typeof record>;
export type DeployedVersion = z.output<typeof component>;
export type NucleusState = z.output<typeof nucleusState>;

const emptyState: NucleusState = { groups: {}, components: [], configuration: {}, runWith: {}, deployments: [] };

/** What outlives the process: what is deployed, configured and was deployed before. Written at every change. */
export class StateFile {
  readonly #path: string;
  #state = emptyState;

  constructor(path: string) {
    this.#path = path;
  }

  load(onNote: (text: string) => void): NucleusState {
    this.#state = readJsonFile({ path: this.#path, schema: nucleusState, onNote }) ?? emptyState;
    return this.#state;
  }

  get current(): NucleusState {
    return this.#state;
  }

  /** @throws FescueError when it cannot be written; what is held here is changed all the same, and goes along next time */
  change(changes: Partial<NucleusState>): void {
    this.#state = { ...this.#state, ...changes };
    writeJsonFile(this.#path, this.#state);
  }
}
