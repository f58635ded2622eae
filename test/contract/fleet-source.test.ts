import { cloudSource } from '../../scripts/fleet/cloud-source.ts';
import { localSource } from '../../scripts/fleet/local-source.ts';
import { fleetCloud } from '../helpers/fleet-cloud.ts';
import { localReports } from '../helpers/local-reports.ts';
import { fleetSourceContract } from './fleet-source.ts';

const common = { fleet: 'lobby', parallel: 4, onNote: () => undefined };

fleetSourceContract('fleet indexing', async (members) => cloudSource({ ...common, cloud: fleetCloud({ members, indexed: true }) }));
fleetSourceContract('shadow reads', async (members) => cloudSource({ ...common, cloud: fleetCloud({ members }) }));

fleetSourceContract('the local nucleus', async (members) => {
  const root = await localReports(Object.fromEntries(members.map(({ name, reported }) => [name, reported])));
  return localSource({ root, fleet: 'lobby', onNote: () => undefined });
});
