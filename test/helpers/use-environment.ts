import { onTestFinished, vi } from 'vitest';

/** Sets environment variables of this process, until the test is over; undefined takes one away. */
export function useEnvironment(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
}
