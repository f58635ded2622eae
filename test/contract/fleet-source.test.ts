import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cloudSource } from '../../scripts/fleet/cloud-source.ts';
import { localSource } from '../../scripts/fleet/local-source.ts';
import { storeAt } from '../../scripts/local-nucleus/store.ts';
import { fleetCloud } from '../helpers/fleet-cloud.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { fleetSourceContract } from './fleet-source.ts';

const common = { fleet: 'lobby', parallel: 4, onNote: () => undefined };

fleetSourceContract('fleet indexing', async (members) => cloudSource({ ...common, cloud: fleetCloud({ members, indexed: true }) }));
fleetSourceContract('shadow reads', async (members) => cloudSource({ ...common, cloud: fleetCloud({ members }) }));

fleetSourceContract('the local nucleus', async (members) => {
  const root = await temporaryFolder();
  const { shadowFolder } = storeAt(root);
  await mkdir(shadowFolder);
  for (const { name, reported } of members) {
    await writeFile(join(shadowFolder, `${name}.json`), JSON.stringify([{ shadow: 'fescue', version: 3, document: { state: { reported }, metadata: {} } }]));
  }
  return localSource({ root, fleet: 'lobby', onNote: () => undefined });
});
