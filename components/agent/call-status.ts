import { ServerInterceptingCall, type ServerInterceptingCallInterface, type ServerInterceptor } from '@grpc/grpc-js';

/** What ends a call. */
export type CallStatus = Parameters<ServerInterceptingCallInterface['sendStatus']>[0];

/**
 * Lets `revise` see the status of every call, and change it, right before it is sent: once per call, with the call's path.
 *
 * grpc-js (1.14) sends what it refuses by itself, such as messages over the limit, on its own innermost call, past the
 * interceptors. So it is that call whose method is replaced here. A test of the message limit notices when it no longer works.
 */
export function revisingStatus(revise: (path: string, status: CallStatus) => CallStatus): ServerInterceptor {
  return ({ path }, call) => {
    let ended = false;
    const send = call.sendStatus.bind(call);
    call.sendStatus = (status) => {
      // After a deadline, the handler's answer is the second one.
      const last = ended ? status : revise(path, status);
      ended = true;
      send(last);
    };
    return new ServerInterceptingCall(call);
  };
}
