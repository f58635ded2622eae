import { isAbsolute, relative } from 'node:path';
import { z } from 'zod';
import type { ComponentSet, Running } from './component-set.ts';
import type { ConfigStore, JsonObject } from './config-store.ts';
import type { DeploymentRequest } from './deployment.ts';
import type { DeploymentQueue } from './deployment-queue.ts';
import { type Authorize, type IpcCall, IpcError, type IpcOperations, parse } from './ipc-call.ts';
import type { DeploymentRecord } from './nucleus-state.ts';

export type CommandLineServices = {
  readonly authorize: Authorize;
  readonly components: ComponentSet;
  readonly configurations: ConfigStore;
  readonly deployments: DeploymentQueue;
  /** Whether deployments ask subscribed components first. */
  readonly notifyComponents: boolean;
  /** Folder of the store that a request's artifacts must not lie around. */
  readonly artifactsFolder: string;
};

const componentName = z.looseObject({ componentName: z.string().min(1, 'Component name cannot be empty') });
const deploymentId = z.looseObject({ deploymentId: z.uuid('Invalid deploymentId format received. DeploymentId is a UUID') });

const texts = z.record(z.string(), z.string());
const folder = z.string().refine((path) => path === '' || isAbsolute(path), 'expected an absolute path').nullish().transform((path) => path || undefined);
const update = z.looseObject({ MERGE: z.record(z.string(), z.json()).nullish(), RESET: z.array(z.string()).nullish() }).transform(({ MERGE, RESET }) => ({ ...(MERGE && { MERGE }), ...(RESET && { RESET }) }));

const createDeployment = z.looseObject({
  groupName: z.string().regex(/^[^:]*$/, 'Thing group name cannot contain colon characters').nullish(),
  rootComponentVersionsToAdd: texts.nullish(),
  rootComponentsToRemove: z.array(z.string()).nullish(),
  componentToConfiguration: z.record(z.string(), update).nullish(),
  componentToRunWithInfo: z.record(z.string(), z.looseObject({ posixUser: z.string().nullish().transform((user) => user ?? undefined) })).nullish(),
  recipeDirectoryPath: folder,
  artifactsDirectoryPath: folder,
  failureHandlingPolicy: z.enum(['ROLLBACK', 'DO_NOTHING']).nullish(),
});

/** What greengrass-cli does, for its bearer and for components whose accessControl names `aws.greengrass.Cli`. */
export function commandLineOperations(services: CommandLineServices): IpcOperations {
  const operation = (run: (call: IpcCall, services: CommandLineServices) => JsonObject) => ({ streaming: false, run: (call: IpcCall) => run(call, services) });
  return {
    CreateLocalDeployment: operation(runCreate),
    GetLocalDeploymentStatus: operation(runStatus),
    ListLocalDeployments: operation(runList),
    CancelLocalDeployment: operation(runCancel),
    ListComponents: operation(runListComponents),
    GetComponentDetails: operation(runDetails),
    RestartComponent: operation(runRestart),
    StopComponent: operation(runStop),
  };
}

function runCreate(call: IpcCall, services: CommandLineServices): JsonObject {
  const request = parse(createDeployment, call.request);
  authorize(call, services, 'CreateLocalDeployment', '*');
  const { artifactsDirectoryPath: artifactDir } = request;
  if (artifactDir !== undefined && !relative(artifactDir, services.artifactsFolder).startsWith('..')) {
    throw new IpcError('InvalidArtifactsDirectoryPathError', `Requested artifacts directory path ${artifactDir} is parent of kernel artifacts directory path. Specify another path to avoid recursive copy`);
  }
  const runWith = Object.entries(request.componentToRunWithInfo ?? {}).flatMap(([name, { posixUser }]) => (posixUser === undefined ? [] : [[name, posixUser] as const]));
  const deployment: DeploymentRequest = {
    groupName: request.groupName || undefined,
    recipeDir: request.recipeDirectoryPath,
    artifactDir,
    add: request.rootComponentVersionsToAdd ?? {},
    remove: request.rootComponentsToRemove ?? [],
    configuration: request.componentToConfiguration ?? {},
    runWith: Object.fromEntries(runWith),
    failurePolicy: request.failureHandlingPolicy ?? 'DO_NOTHING',
    notifyComponents: services.notifyComponents,
  };
  return { deploymentId: services.deployments.submit(deployment).id };
}

function runStatus(call: IpcCall, services: CommandLineServices): JsonObject {
  const { deploymentId: id } = parse(deploymentId, call.request);
  authorize(call, services, 'GetLocalDeploymentStatus', id);
  const { detail, reason, ...record } = findDeployment(services, id);
  const failure = reason === undefined ? {} : { deploymentFailureCause: reason, deploymentErrorStack: ['DEPLOYMENT_FAILURE'], deploymentErrorTypes: [] };
  const details = detail === undefined ? {} : { deploymentStatusDetails: { detailedDeploymentStatus: detail, ...failure } };
  return { deployment: { ...summary(record), ...details } };
}

function runList(call: IpcCall, services: CommandLineServices): JsonObject {
  authorize(call, services, 'ListLocalDeployments', '*');
  return { localDeployments: services.deployments.list().map(summary) };
}

function runCancel(call: IpcCall, services: CommandLineServices): JsonObject {
  const { deploymentId: id } = parse(deploymentId, call.request);
  authorize(call, services, 'CancelLocalDeployment', '*');
  findDeployment(services, id);
  return { message: services.deployments.cancel(id) === true ? `Cancel request submitted. Deployment ID: ${id}` : 'Cancellation request is not processed because deployment is already finished' };
}

function runListComponents(call: IpcCall, services: CommandLineServices): JsonObject {
  authorize(call, services, 'ListComponents', '*');
  return { components: services.components.list().map((running) => detailsOf(running, services)) };
}

function runDetails(call: IpcCall, services: CommandLineServices): JsonObject {
  return { componentDetails: detailsOf(findComponent(call, services, 'GetComponentDetails'), services) };
}

function runRestart(call: IpcCall, services: CommandLineServices): JsonObject {
  const { service } = findComponent(call, services, 'RestartComponent');
  if (service.restart('asked for')) return { restartStatus: 'SUCCEEDED' };
  return { restartStatus: 'FAILED', message: `${service.name} is ${service.state}; only a deployment starts it again` };
}

function runStop(call: IpcCall, services: CommandLineServices): JsonObject {
  const { service } = findComponent(call, services, 'StopComponent');
  void service.halt();
  return { stopStatus: 'SUCCEEDED' };
}

function findComponent(call: IpcCall, services: CommandLineServices, operation: string): Running {
  const { componentName: name } = parse(componentName, call.request);
  authorize(call, services, operation, name);
  const running = services.components.get(name);
  if (running === undefined) throw new IpcError('ResourceNotFoundError', `Component with name ${name} not found in Greengrass`, { resourceType: 'Component', resourceName: name });
  return running;
}

function findDeployment({ deployments }: CommandLineServices, id: string): DeploymentRecord {
  const record = deployments.find(id);
  if (record === undefined) throw new IpcError('ResourceNotFoundError', `Cannot find deployment ${id}`, { resourceType: 'LocalDeployment', resourceName: id });
  return record;
}

function authorize(call: IpcCall, services: CommandLineServices, operation: string, resource: string): void {
  services.authorize(call, { service: 'aws.greengrass.Cli', operation, resource });
}

function detailsOf({ plan: { recipe }, service }: Running, { configurations }: CommandLineServices): JsonObject {
  return { componentName: recipe.name, version: recipe.version, state: service.state, configuration: configurations.get(recipe.name) ?? {} };
}

function summary({ id, createdMs, status }: Omit<DeploymentRecord, 'detail' | 'reason'>): JsonObject {
  return { deploymentId: id, status, createdOn: createdText(new Date(createdMs)) };
}

/** As the nucleus writes it: `31-12-2026 23:59:59 UTC`. */
function createdText(created: Date): string {
  const [date = '', time = ''] = created.toISOString().split('T');
  return `${date.split('-').toReversed().join('-')} ${time.slice(0, 8)} UTC`;
}
