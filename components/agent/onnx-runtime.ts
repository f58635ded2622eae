import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as OnnxRuntime from 'onnxruntime-node';
import koffi from 'koffi';
import { FescueError, messageOf } from '../common/errors.ts';
import { sharedLibraryProblem } from './elf-file.ts';

// Not an import: that loads the native library, which may have to be another one.
const requireModule = createRequire(import.meta.url);
const bindingName = 'onnxruntime_binding.node';
const librarySoname = 'libonnxruntime.so.1';

/**
 * ONNX Runtime for this process, for good: there can be one native library.
 *
 * @param library path of a libonnxruntime.so to use instead of the bundled one; empty for that. A binding beside it,
 *   `onnxruntime_binding.node`, is used instead of the bundled binding.
 * @throws FescueError `failed-precondition` when that library cannot be used; the bundled one is never taken in its place
 */
export async function loadOnnxRuntime(library: string): Promise<typeof OnnxRuntime> {
  if (library === '') return requireModule('onnxruntime-node') as typeof OnnxRuntime;
  const needed = (requireModule('onnxruntime-node/package.json') as { version: string }).version;
  try {
    await checkFile(library);
    const version = loadFirst(library);
    if (version !== needed) throw new Error(`it is version ${version}`);
    await useBindingBeside(library);
    const runtime = requireModule('onnxruntime-node') as typeof OnnxRuntime;
    checkMapped(library);
    return runtime;
  } catch (error) {
    throw new FescueError('failed-precondition', `OnnxRuntimeLibrary ${library} cannot be used: ${messageOf(error)}. Expected ONNX Runtime ${needed} for linux/${process.arch}, a shared library named ${librarySoname} inside; empty means the bundled one.`, { cause: error });
  }
}

async function checkFile(path: string): Promise<void> {
  const problem = await sharedLibraryProblem(path);
  if (problem !== undefined) throw new Error(`${path} ${problem}`);
}

/**
 * Loads the library before the binding asks for it: the dynamic linker then takes the one that is there, by its name.
 *
 * @returns its version
 */
function loadFirst(library: string): string {
  const base = koffi.load(library).func('void *OrtGetApiBase()') as () => bigint;
  // struct OrtApiBase { const OrtApi *(*GetApi)(uint32_t); const char *(*GetVersionString)(void); }
  const versionString = koffi.decode(base(), 8, 'void *') as bigint;
  return String(koffi.call(versionString, koffi.proto('const char *GetVersionString()')));
}

/** The npm package's binding for arm64 knows only the CPU; one built with CUDA or TensorRT comes with the library. */
async function useBindingBeside(library: string): Promise<void> {
  const binding = join(dirname(library), bindingName);
  if (!existsSync(binding)) return;
  await checkFile(binding);
  requireModule(binding);
  requireModule.cache[join(bundledFolder(), bindingName)] = requireModule.cache[requireModule.resolve(binding)];
}

/** The linker looks for the bundled library where the other one does not have the name that it is asked for. */
function checkMapped(library: string): void {
  const bundled = realpathSync(join(bundledFolder(), librarySoname));
  if (bundled === realpathSync(library)) return;
  if (readFileSync('/proc/self/maps', 'utf8').includes(bundled)) throw new Error(`its SONAME is not ${librarySoname}`);
}

function bundledFolder(): string {
  return join(dirname(requireModule.resolve('onnxruntime-node')), `../bin/napi-v6/${process.platform}/${process.arch}`);
}
