import type { Order } from './order.ts';
import type { Runner } from './runner.ts';

/** A deployment under way, as the target knows it. */
export type Handle = {
  readonly id: string;
  /** Where to go on reading the target's log, when that is how it tells its progress. */
  readonly cursor?: string | undefined;
};

export const finalStates = ['SUCCEEDED', 'FAILED', 'CANCELED'] as const;
export type DeploymentState = 'QUEUED' | 'IN_PROGRESS' | (typeof finalStates)[number];

export type DeploymentStatus = {
  readonly id: string;
  readonly state: DeploymentState;
  /** Of a failure, in the target's words. */
  readonly reason?: string | undefined;
  /** As the target says it. */
  readonly createdOn?: string | undefined;
};

export type ComponentStatus = {
  readonly name: string;
  /** Empty when the target does not say. */
  readonly version: string;
  /** In the words of the classic nucleus: RUNNING, FINISHED, BROKEN … */
  readonly state: string;
};

export type LogOptions = {
  /** As many of the latest lines first. */
  readonly lines: number;
  /** Go on until the signal. */
  readonly follow: boolean;
  readonly onLine: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
};

/** Something that takes deployments of recipes and artifacts. */
export type Target = {
  /** What `deploy` would do, as lines for people: commands to type, or requests. Changes nothing. */
  commands(order: Order): Promise<readonly string[]>;
  /** Hands the deployment over; a local nucleus that does not run is started. @throws FescueError when it is not accepted */
  deploy(order: Order): Promise<Handle>;
  /** How far a deployment is now. */
  progress(handle: Handle): Promise<DeploymentStatus>;
  /** What there is to know of earlier deployments. */
  deployments(): Promise<readonly DeploymentStatus[]>;
  components(): Promise<readonly ComponentStatus[]>;
  /** The lines of a component's log. @throws FescueError `not-found` when there is none */
  logs(component: string, options: LogOptions): Promise<void>;
  close(): Promise<void>;
};

export type TargetOptions = {
  readonly runner: Runner;
  /** Greengrass root where the commands run; each target has its usual one. */
  readonly root: string | undefined;
  /** Whether there is a terminal on which sudo may ask for a password. */
  readonly interactive: boolean;
};

/** Opens a target; nothing is changed by that. */
export type OpenTarget = (options: TargetOptions) => Promise<Target>;
