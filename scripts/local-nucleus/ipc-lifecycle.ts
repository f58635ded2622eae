import { z } from 'zod';
import type { ComponentUpdates } from './component-updates.ts';
import { type IpcCall, IpcError, type IpcOperations, isCommandLine, parse } from './ipc-call.ts';

export type LifecycleServices = {
  readonly reportState: (component: string, state: 'RUNNING' | 'ERRORED') => void;
  readonly updates: ComponentUpdates;
  /** Whether a component has this token. */
  readonly isToken: (token: string) => boolean;
};

const updateState = z.looseObject({ state: z.enum(['RUNNING', 'ERRORED']) });
const deferral = z.looseObject({
  deploymentId: z.string().min(1),
  message: z.string().nullish().transform((text) => text ?? undefined),
  // A timer takes no more.
  recheckAfterMs: z.number().min(0).max(2 ** 31 - 1).nullish().transform((ms) => ms ?? undefined),
});
const validateToken = z.looseObject({ token: z.string() });

/** What a component says of its own life, and asks of others' tokens. */
export function lifecycleOperations(services: LifecycleServices): IpcOperations {
  return {
    UpdateState: {
      streaming: false,
      run: ({ component, request }) => {
        services.reportState(component, parse(updateState, request).state);
        return {};
      },
    },
    SubscribeToComponentUpdates: {
      streaming: true,
      run: ({ component, emit, onClose }) => {
        onClose(services.updates.subscribe({ component, emit }));
        return {};
      },
    },
    DeferComponentUpdate: {
      streaming: false,
      run: ({ component, request }) => {
        services.updates.defer(component, parse(deferral, request));
        return {};
      },
    },
    ValidateAuthorizationToken: { streaming: false, run: (call) => ({ isValid: checkToken(call, services) }) },
  };
}

/** As on a device, only for the stream manager, and for the command line. */
function checkToken({ component, request }: IpcCall, { isToken }: LifecycleServices): true {
  if (component !== 'aws.greengrass.StreamManager' && !isCommandLine(component)) throw new IpcError('UnauthorizedError', `${component} is not authorized to perform ValidateAuthorizationToken`);
  if (!isToken(parse(validateToken, request).token)) throw new IpcError('InvalidTokenError', 'Authentication token not found');
  return true;
}
