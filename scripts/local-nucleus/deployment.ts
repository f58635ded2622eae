import type { ConfigurationUpdate } from './config-store.ts';

/** All that shall run, as `fescue dev` takes it. */
export type Deployment = {
  readonly recipeDir: string;
  /** Holds `<component>/<version>/<file>`. */
  readonly artifactDir: string;
  /** Root component name to version or npm range. */
  readonly components: Readonly<Record<string, string>>;
  /** Changes of root components' configuration. */
  readonly configuration?: Readonly<Record<string, ConfigurationUpdate>>;
};

export type FailurePolicy = 'ROLLBACK' | 'DO_NOTHING';

/** A change of what runs, as greengrass-cli takes it. */
export type DeploymentRequest = {
  /** The thing group whose root components it edits; undefined for those that are deployed locally. */
  readonly groupName?: string | undefined;
  readonly recipeDir?: string | undefined;
  readonly artifactDir?: string | undefined;
  /** Root component name to version or npm range. Other root components of the group stay as they are. */
  readonly add: Readonly<Record<string, string>>;
  /** Root components of the group that go, or every one that is not in `add`. */
  readonly remove: readonly string[] | 'others';
  readonly configuration: Readonly<Record<string, ConfigurationUpdate>>;
  /** Root component name to `user[:group]`; the empty text goes back to the nucleus's default. */
  readonly runWith: Readonly<Record<string, string>>;
  readonly failurePolicy: FailurePolicy;
  /** Asks subscribed components before they are disturbed, as a cloud deployment does. */
  readonly notifyComponents: boolean;
};

export type DetailedStatus = 'SUCCESSFUL' | 'FAILED_NO_STATE_CHANGE' | 'FAILED_ROLLBACK_NOT_REQUESTED' | 'FAILED_ROLLBACK_COMPLETE' | 'FAILED_UNABLE_TO_ROLLBACK';

/** What became of a deployment; `reason` names the component to blame and its last words. */
export type DeploymentOutcome =
  | { readonly status: 'SUCCEEDED'; readonly detail: 'SUCCESSFUL' }
  | { readonly status: 'FAILED'; readonly detail: Exclude<DetailedStatus, 'SUCCESSFUL'>; readonly reason: string }
  | { readonly status: 'CANCELED'; readonly reason: string };

/** The group that root components deployed locally belong to. */
export const localGroup = 'LOCAL_DEPLOYMENT';

export function groupOf(request: DeploymentRequest): string {
  return request.groupName === undefined ? localGroup : `thinggroup/${request.groupName}`;
}
