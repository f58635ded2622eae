import { describe, expect, test } from 'vitest';
import { failureOf, parseComponents, parseCreated, parseDeployments, parseStatus } from '../../../scripts/deploy/greengrass-cli-output.ts';

const id = 'eee9c61c-cda8-4064-8e43-5857d3f866cf';

test('deployment create', () => {
  expect(parseCreated(`Local deployment submitted! Deployment Id: ${id}\n`)).toBe(id);
  expect(parseCreated("Value for option option '--merge' (Component and version) should be in KEY=VALUE format but was nothing\n")).toBeUndefined();
});

describe('deployment status', () => {
  test.each(['QUEUED', 'IN_PROGRESS', 'SUCCEEDED', 'CANCELED'])('%s', (state) => {
    expect(parseStatus(`${id}: ${state}\nCreated on: 25-11-2026 18:22:16 UTC\n`)).toEqual({ id, state, reason: undefined, createdOn: '25-11-2026 18:22:16 UTC' });
  });

  test('FAILED, with its reasons', () => {
    const text = `${id}: FAILED
Created on: 25-11-2026 18:22:16 UTC
Detailed Status: FAILED_NO_STATE_CHANGE
Deployment Error Stack: DEPLOYMENT_FAILURE, NO_AVAILABLE_COMPONENT_VERSION, COMPONENT_VERSION_REQUIREMENTS_NOT_MET
Deployment Error Types: REQUEST_ERROR
Deployment Failure Cause: Device is configured to run offline and no local component version satisfies the requirements. Component aws.greengrass.TokenExchangeService version constraints: dev.fescue.Inference requires >=0.0.0.
`;
    expect(parseStatus(text)).toEqual({
      id,
      state: 'FAILED',
      createdOn: '25-11-2026 18:22:16 UTC',
      reason: 'Device is configured to run offline and no local component version satisfies the requirements. Component aws.greengrass.TokenExchangeService version constraints: dev.fescue.Inference requires >=0.0.0. – FAILED_NO_STATE_CHANGE: DEPLOYMENT_FAILURE, NO_AVAILABLE_COMPONENT_VERSION, COMPONENT_VERSION_REQUIREMENTS_NOT_MET',
    });
  });

  test('FAILED, of a version that gives no reasons', () => {
    expect(parseStatus(`${id}: FAILED\nCreated on: 25-11-2026 18:22:16 UTC\n`)).toMatchObject({ state: 'FAILED', reason: undefined });
  });

  test('a state nobody knows, and text of something else', () => {
    expect(parseStatus(`${id}: SHINY\n`)).toBeUndefined();
    expect(parseStatus('')).toBeUndefined();
  });
});

test('deployment list', () => {
  const text = `Deployment ID: 966ea7f5-a98c-4711-b86b-ade5b6d0dd5b
Created on: 25-11-2026 18:24:13 UTC
Status: SUCCEEDED

Deployment ID: ${id}
Created on: 25-11-2026 18:25:26 UTC
Status: FAILED
`;
  expect(parseDeployments(text)).toEqual([
    { id: '966ea7f5-a98c-4711-b86b-ade5b6d0dd5b', state: 'SUCCEEDED', createdOn: '25-11-2026 18:24:13 UTC' },
    { id, state: 'FAILED', createdOn: '25-11-2026 18:25:26 UTC' },
  ]);
  expect(parseDeployments('')).toEqual([]);
});

test('component list', () => {
  const text = `Components currently running in Greengrass:
Component Name: FleetStatusService
    Version: null
    State: RUNNING
    Configuration: null
Component Name: aws.greengrass.TokenExchangeService
    Version: 2.0.3
    State: BROKEN
    Configuration: {"activePort":null}
Component Name: dev.fescue.EdgeAgent
    Version: 0.1.0
    State: INSTALLED
    Configuration: {"Note":"Component Name: x\\n    State: RUNNING"}
`;
  expect(parseComponents(text)).toEqual([
    { name: 'FleetStatusService', version: '', state: 'RUNNING' },
    { name: 'aws.greengrass.TokenExchangeService', version: '2.0.3', state: 'BROKEN' },
    { name: 'dev.fescue.EdgeAgent', version: '0.1.0', state: 'INSTALLED' },
  ]);
});

describe('what went wrong', () => {
  test('the cause at the end of a chain of Java exceptions', () => {
    const text = `java.lang.RuntimeException: java.util.concurrent.ExecutionException: software.amazon.awssdk.aws.greengrass.model.ResourceNotFoundError: Cannot find deployment
\tat com.aws.greengrass.cli.adapter.impl.NucleusAdapterIpcClientImpl.getLocalDeploymentStatus(NucleusAdapterIpcClientImpl.java:170)
Caused by: java.util.concurrent.ExecutionException: software.amazon.awssdk.aws.greengrass.model.ResourceNotFoundError: Cannot find deployment
\tat java.base/java.util.concurrent.CompletableFuture.reportGet(CompletableFuture.java:396)
\t... 13 more
Caused by: software.amazon.awssdk.aws.greengrass.model.ResourceNotFoundError: Cannot find deployment
\tat java.base/jdk.internal.reflect.NativeConstructorAccessorImpl.newInstance0(Native Method)
`;
    expect(failureOf(text)).toBe('Cannot find deployment');
  });

  test('the missing right to read the token', () => {
    const text = `java.lang.RuntimeException: Unable to create ipc client
\tat com.aws.greengrass.cli.adapter.impl.NucleusAdapterIpcClientImpl.getIpcClient(NucleusAdapterIpcClientImpl.java:502)
Caused by: java.io.IOException: Not able to find auth information in directory: /greengrass/v2/cli_ipc_info. Please run CLI as authorized user or group.
\tat com.aws.greengrass.cli.adapter.impl.NucleusAdapterIpcClientImpl.loadCliIpcInfo(NucleusAdapterIpcClientImpl.java:573)
\tSuppressed: java.nio.file.NoSuchFileException: /greengrass/v2/cli_ipc_info/user-1000
`;
    expect(failureOf(text)).toBe('Not able to find auth information in directory: /greengrass/v2/cli_ipc_info. Please run CLI as authorized user or group.');
  });

  test('the first line of anything else', () => {
    expect(failureOf("Update configuration parameter is not a properly formatted JSON file or a JSON string\nUnexpected character ('b' (code 98))\n")).toBe('Update configuration parameter is not a properly formatted JSON file or a JSON string');
    expect(failureOf('')).toBe('');
  });
});
