/** What a component asks of the nucleus, over Greengrass IPC. Key paths are relative to the component's configuration. */
export type GreengrassIpc = {
  /** A component's configuration below `keyPath` (the caller's own without `component`); undefined when the key is missing. */
  getConfiguration(request: { component?: string; keyPath?: readonly string[] }): Promise<unknown>;
  /** Calls `listener` with the key path that changed, from now until the connection closes. */
  onConfigurationUpdate(request: { component?: string; keyPath?: readonly string[] }, listener: (keyPath: string[]) => void): Promise<void>;
  /** Publishes to AWS IoT Core through the nucleus's MQTT connection, which queues while the device is offline. */
  publishToIotCore(message: { topic: string; payload: Uint8Array; qos: 0 | 1 }): Promise<void>;
  /** Publishes a JSON object to the components of this device. */
  publishToTopic(message: { topic: string; json: object }): Promise<void>;
  updateState(state: 'RUNNING' | 'ERRORED'): Promise<void>;
  /** Called once when the connection is lost for any reason but `close`. */
  onLost(listener: (reason: string) => void): void;
  close(): Promise<void>;
};
