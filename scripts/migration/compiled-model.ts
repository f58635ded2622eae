import { opendir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { list } from 'tar';
import { FescueError, messageOf } from '../../components/common/errors.ts';

/** Folders and archives with more files than this are not looked at any further. */
const maxNames = 20_000;
const compiledFile = /^(compiled(_model)?\.(so|json|params|meta|ro|dll)|dlr\.h|libdlr\.(so|a|dylib)|dlr\.dll|.+\.params)$/i;
const mention = /\b(compiled(?:_model)?\.(?:so|json|params|meta)|libdlr\.so|dlr\.h|import dlr|(?:variant|aws\.greengrass)\.DLR[\w.]*)/g;

/** Names of the files in a folder, at any depth, or in a tar archive. */
export async function listModelFiles(path: string, kind: 'folder' | 'archive'): Promise<string[]> {
  const names: string[] = [];
  try {
    if (kind === 'archive') {
      await list({ file: path, strict: true, onReadEntry: (entry) => void (names.length < maxNames && names.push(entry.path)) });
      return names;
    }
    for await (const entry of await opendir(path, { recursive: true })) {
      if (entry.isFile()) names.push(relative(path, join(entry.parentPath, entry.name)));
      if (names.length >= maxNames) break;
    }
    return names.toSorted();
  } catch (error) {
    throw new FescueError('invalid-argument', `${path} cannot be read as ${kind === 'archive' ? 'an archive' : 'a folder'} with a model: ${messageOf(error)}.`, { cause: error });
  }
}

/** Those of the files that SageMaker Neo writes for the DLR runtime. */
export function compiledFiles(names: readonly string[]): string[] {
  return names.filter((name) => compiledFile.test(name.slice(name.lastIndexOf('/') + 1)));
}

/** What a recipe says of such files or of the DLR runtime; each mention once. */
export function compiledMentions(text: string): string[] {
  return [...new Set([...text.matchAll(mention)].map(([found]) => found))];
}

/** What to do with a model compiled by Neo. */
export function compiledModelAdvice(subject: string, found: readonly string[]): string {
  const shown = found.length > 6 ? `${found.slice(0, 6).join(', ')} and ${found.length - 6} more` : found.join(', ');
  return `${subject} holds or names a model that SageMaker Neo compiled for the DLR runtime (${shown}). Compiled code cannot be turned back into a model, and the agent runs ONNX models.
  1. Take the model it was compiled from, and export that to ONNX: torch.onnx.export for PyTorch, tf2onnx for TensorFlow, Keras and TensorFlow Lite; an ONNX model is ready as it is.
  2. Make a model package of it: fescue package.
  3. Load it under the same name, so that clients need no change.`;
}
