import { deepStrictEqual } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { parse } from 'yaml';
import { z } from 'zod';
import type { GdkProject } from '../helpers/gdk-project.ts';

const recipeFile = z.looseObject({ Manifests: z.array(z.looseObject({ Artifacts: z.array(z.object({ Uri: z.string() })) })) });

/**
 * Checks that a component is in S3 byte for byte, and in Greengrass with its own recipe, whose artifacts are those.
 *
 * @throws AssertionError
 */
export async function checkPublished({ folder, name, version }: GdkProject, { s3, bucket, recipe }: { s3: string; bucket: string; recipe: unknown }): Promise<void> {
  const published = recipeFile.parse(recipe);
  const own = recipeFile.parse(parse(await readFile(join(folder, 'recipe.yaml'), 'utf8')));
  const prefix = `${name}/${version}/`;
  for (const { Artifacts } of own.Manifests) {
    for (const artifact of Artifacts) artifact.Uri = artifact.Uri.replace('s3://BUCKET_NAME/COMPONENT_NAME/COMPONENT_VERSION/', `s3://${bucket}/${prefix}`);
  }
  deepStrictEqual(published, own);
  const wanted = new Set(published.Manifests.flatMap(({ Artifacts }) => Artifacts.map(({ Uri }) => Uri.replace(`s3://${bucket}/`, ''))));
  const client = new S3Client({ endpoint: s3, region: 'eu-west-1', credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'any' }, forcePathStyle: true });
  try {
    const { Contents: listed = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
    deepStrictEqual(new Set(listed.map(({ Key }) => Key)), wanted);
    for (const key of wanted) {
      const { Body: body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      const built = await readFile(join(folder, 'greengrass-build/artifacts', key));
      deepStrictEqual(sha256Of((await body?.transformToByteArray()) ?? new Uint8Array()), sha256Of(built), key);
    }
  } finally {
    client.destroy();
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
