import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where greengrass-cli, started by the user, looks for its credentials. */
export function credentialsFileOf(folder: string, userId: number): string {
  return join(folder, `user-${userId}`);
}

/** Writes the credentials with which the user of this process controls the nucleus; nobody else can read them. */
export async function writeCommandLineCredentials(request: { folder: string; userId: number; token: string; socketPath: string }): Promise<void> {
  await rm(request.folder, { recursive: true, force: true });
  await mkdir(request.folder, { recursive: true, mode: 0o700 });
  await chmod(request.folder, 0o700);
  const content = JSON.stringify({ cli_auth_token: request.token, domain_socket_path: request.socketPath });
  await writeFile(credentialsFileOf(request.folder, request.userId), content, { mode: 0o600 });
}

export async function removeCommandLineCredentials(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
