import type { z } from 'zod';
import { isAllowed } from './access-control.ts';
import type { ConfigStore, JsonObject } from './config-store.ts';

/** A request, who made it, and, for subscriptions, the way to send events and to hear of the end. */
export type IpcCall = {
  /** The component, or the bearer of the command line's token; see `isCommandLine`. */
  readonly component: string;
  readonly request: unknown;
  readonly emit: (shape: string, event: JsonObject) => void;
  readonly onClose: (listener: () => void) => void;
};

/** An operation; a streaming one keeps its stream open after the response. */
export type IpcOperation = { readonly streaming: boolean; readonly run: (call: IpcCall) => JsonObject };

/** Operations by the name after `aws.greengrass#`. */
export type IpcOperations = Readonly<Record<string, IpcOperation>>;

export type IpcErrorName =
  | 'UnauthorizedError'
  | 'ResourceNotFoundError'
  | 'InvalidArgumentsError'
  | 'InvalidArtifactsDirectoryPathError'
  | 'InvalidTokenError'
  | 'ConflictError'
  | 'FailedUpdateConditionCheckError'
  | 'ServiceError';

/** A refusal in the protocol's own terms. */
export class IpcError extends Error {
  readonly errorName: IpcErrorName;
  /** Further fields of the error's shape, such as `resourceName`. */
  readonly fields: Readonly<Record<string, string>>;

  constructor(errorName: IpcErrorName, message: string, fields: Readonly<Record<string, string>> = {}) {
    super(message);
    this.errorName = errorName;
    this.fields = fields;
  }
}

/** Throws `UnauthorizedError` unless the caller's accessControl allows the operation on the resource. */
export type Authorize = (call: IpcCall, request: { readonly service: string; readonly operation: string; readonly resource: string }) => void;

/** Checks calls against the accessControl of the callers' configurations as they are now; the command line may do everything. */
export function authorizer(configurations: ConfigStore): Authorize {
  return ({ component }, { service, operation, resource }) => {
    if (isCommandLine(component)) return;
    const request = { component, service, operation: `aws.greengrass#${operation}`, resource };
    if (isAllowed(request, configurations)) return;
    throw new IpcError('UnauthorizedError', `Principal ${component} is not authorized to perform ${service}:${request.operation} on resource ${resource}`);
  };
}

const commandLinePrefix = 'greengrass-cli#';

/** The name under which the bearer of a credentials file calls. */
export function commandLineOf(userId: number): string {
  return `${commandLinePrefix}user-${userId}`;
}

/** Whether a caller is greengrass-cli or stands in for it; no component can have such a name. */
export function isCommandLine(caller: string): boolean {
  return caller.startsWith(commandLinePrefix);
}

export function parse<Schema extends z.ZodType>(schema: Schema, request: unknown): z.output<Schema> {
  const parsed = schema.safeParse(request);
  if (parsed.success) return parsed.data;
  throw new IpcError('InvalidArgumentsError', parsed.error.issues.map((issue) => `${issue.path.join('.') || 'request'}: ${issue.message}`).join('; '));
}
