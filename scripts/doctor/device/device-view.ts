import type { SettingValues } from '../../../components/common/settings.ts';
import type { agentSettings } from '../../../components/agent/settings.ts';
import type { Caller } from '../../cloud/cloud.ts';
import type { Argv, Finished, ProcessOptions } from '../../deploy/run-process.ts';
import type { AwsCredentials } from '../../../components/common/credentials.ts';
import type { Subject, Verdict } from '../check.ts';

/** This machine, as far as checks look at it. */
export type System = {
  /** Folder below which `/proc`, `/etc` and the others are: `/`, but for tests. */
  readonly base: string;
  readonly environment: NodeJS.ProcessEnv;
  /** As the operator reaches it from another machine; absent when it is the operator's own. */
  readonly host?: string | undefined;
  /** The version of glibc that this program runs on; absent where another machine is looked at, or there is none. */
  readonly glibc?: (() => string | undefined) | undefined;
  readonly run: (argv: Argv, options?: ProcessOptions) => Promise<Finished>;
};

/** The Greengrass of this machine. */
export type Nucleus = {
  readonly kind: 'classic' | 'lite' | 'local';
  readonly root: string;
  readonly ipcSocket: string;
  /** What it was read from. */
  readonly configurationFile: string;
  /** Undefined where it cannot be read; `problem` says why. */
  readonly configuration: NucleusConfiguration | undefined;
  readonly problem?: Verdict;
};

/** What a nucleus knows of itself; absent where it does not say. */
export type NucleusConfiguration = {
  readonly version?: string | undefined;
  readonly thingName?: string | undefined;
  readonly roleAlias?: string | undefined;
  readonly region?: string | undefined;
  /** Where components get credentials. */
  readonly tokenExchangeUrl?: string | undefined;
  /** Undefined where that cannot be told. */
  readonly components: readonly DeployedComponent[] | undefined;
};

export type DeployedComponent = { readonly name: string; readonly version: string; readonly configuration: Readonly<Record<string, unknown>> };

/** The agent, as it was deployed here. */
export type DeployedAgent = {
  /** Undefined when there is none, or nobody can tell. */
  readonly component: DeployedComponent | undefined;
  /** Its working directory. */
  readonly workFolder: string | undefined;
  /** In force once it runs; the defaults where nothing is known. */
  readonly settings: SettingValues<typeof agentSettings>;
};

export type DeviceView = {
  readonly system: System;
  /** Undefined when there is none; `searched` are the places. */
  readonly nucleus: Nucleus | undefined;
  readonly searched: readonly string[];
  readonly agent: DeployedAgent;
  readonly socket: {
    readonly path: string;
    /** Whether somebody says that an agent is there: by deploying it, or by naming its socket. */
    readonly isExpected: boolean;
  };
  /** Folder of recipes that the operator named. */
  readonly recipeFolder: string | undefined;
};

/** What checks of the device work with. */
export type DeviceContext = {
  readonly device: DeviceView;
  readonly subject: Subject;
  /** Asks STS whose the credentials are. */
  readonly identify: (credentials: AwsCredentials, region: string) => Promise<Caller>;
};
