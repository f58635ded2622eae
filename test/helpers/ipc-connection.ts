import type { GreengrassIpc } from '../../components/common/greengrass-ipc.ts';

export type TestConnection = GreengrassIpc & {
  lose: () => void;
  closed: () => boolean;
  /** The states it was told. */
  states: string[];
};

/** A connection to a nucleus that agrees to everything, but for what is replaced. */
export function connectionOf(replaced: Partial<GreengrassIpc> = {}): TestConnection {
  const lost = Promise.withResolvers<string>();
  const states: string[] = [];
  let closed = false;
  return {
    getConfiguration: async () => undefined,
    onConfigurationUpdate: async () => undefined,
    onComponentUpdate: async () => undefined,
    answerUpdate: async () => undefined,
    publishToIotCore: async () => undefined,
    onIotCoreMessage: async () => undefined,
    publishToTopic: async () => undefined,
    updateState: async (state) => void states.push(state),
    lost: lost.promise,
    close: async () => void (closed = true),
    ...replaced,
    lose: () => lost.resolve('it broke'),
    closed: () => closed,
    states,
  };
}
