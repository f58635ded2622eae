import { Command } from 'commander';
import { captureExportCommand } from './capture-export.ts';
import { captureListCommand } from './capture-list.ts';
import { captureShowCommand } from './capture-show.ts';

/** Reads captured data back. */
export function captureCommand(): Command {
  return new Command('capture')
    .description('Read captured data, from a folder or from S3: list, show, export.')
    .addHelpText(
      'after',
      `
docs/capture.md describes the format.

Examples:
  fescue capture ls /greengrass/v2/work/dev.fescue.Agent/capture --since 2d
  fescue capture show s3://sagemaker-fleet/sme-capture 7f0c1e9a
  fescue capture export s3://sagemaker-fleet/sme-capture --model pump --out pump-captures`,
    )
    .addCommand(captureListCommand())
    .addCommand(captureShowCommand())
    .addCommand(captureExportCommand());
}
