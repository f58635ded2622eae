import { agentSettings } from '../../components/agent/settings.ts';
import { fateOf } from '../../components/common/original-configuration.ts';
import { originalComponent, originalSettings, type OriginalSetting } from '../../components/common/original-settings.ts';
import { expectation } from '../../components/common/settings.ts';
import { componentNames } from './recipes.ts';

/** The text of `docs/migration.md`. */
export function migrationPage(): string {
  return `<!-- Rendered from the table of the original's settings by \`npm run render\`; edits here are overwritten. -->

# Coming from SageMaker Edge Manager

Clients of the original agent need no change: \`${componentNames.agent}\` answers the same calls on the same socket.

- **Run by hand or by a service manager:** \`fescue agent\` takes the flags \`-a\`, \`-c\` and \`-f\` of
  \`sagemaker_edge_agent_binary\`, and reads its JSON file. Every problem of the file is reported at once and the agent does
  not start; a key without effect is reported and the agent does. The largest gRPC message is
  \`--max-message-megabytes\` (\`MaxMessageMegabytes\`).
- **Run by Greengrass:** remove \`${originalComponent}\` from the deployment and add \`${componentNames.agent}\`. The two
  cannot run side by side, for they serve the same socket.
- **Models compiled by SageMaker Neo** (\`compiled.so\`, \`libdlr.so\`, \`*.params\`) cannot be loaded. Export the model they
  were compiled from to ONNX and make a package of it with \`fescue package\`.

\`fescue migrate\` rewrites what there is. It prints the result, and on standard error what became of every key:

\`\`\`sh
fescue migrate sagemaker_edge_config.json > agent.json   # settings for fescue agent -c
fescue migrate deployment.json --out update.json         # {"${componentNames.agent}": {"MERGE": {…}}} for greengrass-cli --update-config
fescue migrate com.example.Camera-1.0.0.yaml             # a recipe that depends on the original, rewritten
\`\`\`

## Every key

A file may mix the keys below with those of [settings.md](settings.md). Where two mean the same setting, ours wins, and a
warning says so. Numbers and booleans may be written as text. An empty value means the default. A file that could not work with the
original is refused: a batch has to be smaller than the buffer, and captured data that goes to the cloud needs a bucket.

| In the JSON file | In the Greengrass component | Takes | What became of it |
|---|---|---|---|
${originalSettings.map(tableRow).join('\n')}
`;
}

function tableRow(row: OriginalSetting): string {
  const greengrass = row.greengrass === undefined ? '' : `\`${row.greengrass}\``;
  return `| ${row.json.map((key) => `\`${key}\``).join(', or older ')} | ${greengrass} | ${expectation(row.takes)} | ${became(row)} |`;
}

function became(row: OriginalSetting): string {
  const { fate, becomes, why } = fateOf(agentSettings, row);
  if (becomes === undefined) return `Dropped: ${why}.`;
  const values = 'key' in row.became && row.became.values !== undefined ? `: ${Object.entries(row.became.values).map(([from, to]) => `${from} is \`${to}\``).join(', ')}` : '';
  return fate === 'waiting' ? `\`${becomes}\`; ${why}.` : `\`${becomes}\`${values}.`;
}
