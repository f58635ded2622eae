import { parseTensorContentType, type CaptureEntry } from '../../components/common/capture-format.ts';
import type { FoundCapture } from './capture-store.ts';
import { sizeOf } from './entry-data.ts';

/** Whose capture it is, and where it was found. */
export type CaptureHead = {
  /** UTC. */
  readonly time: string;
  readonly device: string;
  readonly fleet: string;
  readonly model: string;
  readonly version: string;
  readonly id: string;
  /** The object with its line. */
  readonly key: string;
  readonly line: number;
};

/** What is in a capture, without its data. */
export type CaptureSummary = CaptureHead & {
  /** Content types, as `FLOAT32[1,3,224,224]`. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Names. */
  readonly auxiliary: readonly string[];
  /** Of the data, as far as the line tells. */
  readonly bytes: number;
  /** Whether the line tells the size of all of the data. */
  readonly bytesKnown: boolean;
};

export function headOf({ line, key, lineNumber }: FoundCapture): CaptureHead {
  const event = line.eventMetadata;
  return { time: event.inferenceTime, device: event.deviceId, fleet: event.deviceFleetName, model: event.modelName, version: event.modelVersion, id: event.eventId, key, line: lineNumber };
}

export function summaryOf(found: FoundCapture): CaptureSummary {
  const { deviceFleetInputs: inputs, deviceFleetOutputs: outputs, deviceFleetAuxiliaryInputs: auxiliaryInputs, deviceFleetAuxiliaryOutputs: auxiliaryOutputs } = found.line;
  const auxiliary = [...auxiliaryInputs, ...auxiliaryOutputs];
  const sizes = [...inputs, ...outputs, ...auxiliary].map(sizeOf);
  return {
    ...headOf(found),
    inputs: inputs.map(shortType),
    outputs: outputs.map(shortType),
    auxiliary: auxiliary.map(({ name }) => name),
    bytes: sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0),
    bytesKnown: !sizes.includes(undefined),
  };
}

function shortType({ observedContentType }: CaptureEntry): string {
  const tensor = parseTensorContentType(observedContentType);
  return tensor === undefined ? observedContentType : `${tensor.word}[${tensor.shape.join(',')}]`;
}
