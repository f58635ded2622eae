import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { z } from 'zod';

export type GreengrassService = {
  readonly endpoint: string;
  /** The recipe of each component version that was made, by `<name> <version>`. */
  readonly recipes: Map<string, unknown>;
  readonly close: () => void;
};

const versionsPath = /^\/greengrass\/v2\/components\/arn:aws:greengrass:[\w-]+:\d{12}:components:[\w.-]+\/versions$/;
const creation = z.object({ inlineRecipe: z.string() });
const named = z.object({ ComponentName: z.string(), ComponentVersion: z.string() });

/** The two calls of Greengrass that GDK makes to publish: no component has versions, and each new one is taken. */
export async function startGreengrassService(): Promise<GreengrassService> {
  const recipes = new Map<string, unknown>();
  const server = createServer((request, response) => {
    void answerTo(request, recipes).then(({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, recipes, close: () => void server.close() };
}

async function answerTo(request: IncomingMessage, recipes: Map<string, unknown>): Promise<{ status: number; body: object }> {
  const path = decodeURIComponent(request.url ?? '');
  if (request.method === 'GET' && versionsPath.test(path)) return { status: 200, body: { componentVersions: [] } };
  if (request.method !== 'POST' || path !== '/greengrass/v2/createComponentVersion') return { status: 404, body: { message: `${request.method} ${path}` } };
  const recipe: unknown = parse(Buffer.from(creation.parse(JSON.parse(await text(request))).inlineRecipe, 'base64').toString());
  const { ComponentName: componentName, ComponentVersion: componentVersion } = named.parse(recipe);
  recipes.set(`${componentName} ${componentVersion}`, recipe);
  const arn = `arn:aws:greengrass:eu-west-1:123456789012:components:${componentName}:versions:${componentVersion}`;
  return { status: 201, body: { arn, componentName, componentVersion, creationTimestamp: 0, status: { componentState: 'REQUESTED' } } };
}
