"""Compare the packaged int8 model with the float32 model on photos.

Photos are prepared as the package manifest declares. Prints a Markdown table
with a row per photo, then a summary.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from preprocess import list_photos, load_input

LATENCY_RUNS = 100
CONFIDENT = 0.5


@dataclass(frozen=True)
class Comparison:
    """Scores of both models for one photo."""

    photo: str
    reference: np.ndarray
    packaged: np.ndarray

    @property
    def agrees(self) -> bool:
        """Whether both models put the same class first."""
        return self.reference.argmax() == self.packaged.argmax()

    @property
    def confident(self) -> bool:
        """Whether the float32 model gives one class more than half of the score."""
        return self.reference.max() > CONFIDENT

    @property
    def shared_top5(self) -> int:
        """How many classes both models have among their first five."""
        return len(set(self.reference.argsort()[-5:]) & set(self.packaged.argsort()[-5:]))

    @property
    def largest_difference(self) -> float:
        """Largest difference between the models' scores of one class."""
        return float(np.abs(self.reference - self.packaged).max())


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn logits into scores that sum to one."""
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def open_model(path: Path) -> onnxruntime.InferenceSession:
    """Open a model on the CPU with a single thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def read_manifest(package: Path) -> dict:
    """Read the manifest and verify the files that it lists."""
    manifest = json.loads((package / "sagemaker_edge_manifest").read_text(encoding="utf-8"))
    for name, expected in manifest["files"].items():
        content = (package / name).read_bytes()
        found = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        if found != expected:
            raise ValueError(f"{name} does not match the manifest")
    return manifest


def compare(photos: list[Path], manifest: dict, reference, packaged) -> list[Comparison]:
    """Run both models on every photo."""
    declared = manifest["inputs"][0]
    results = []
    for photo in photos:
        feed = {declared["name"]: load_input(photo, declared)}
        scores = [softmax(model.run(None, feed)[0][0]) for model in (reference, packaged)]
        results.append(Comparison(photo.name, *scores))
    return results


def print_table(results: list[Comparison], labels: list[str]) -> None:
    """Print a row per photo."""

    def first(scores: np.ndarray) -> str:
        return f"{labels[scores.argmax()]} {scores.max():.3f}"

    print("| photo | float32 top-1 | int8 top-1 | shared top-5 | max \\|Δ score\\| |")
    print("| --- | --- | --- | --- | --- |")
    for result in results:
        print(
            f"| {result.photo} | {first(result.reference)} | {first(result.packaged)} "
            f"| {result.shared_top5} of 5 | {result.largest_difference:.3f} |"
        )


def print_summary(results: list[Comparison]) -> None:
    """Print agreement over all photos."""
    confident = [result for result in results if result.confident]
    print()
    print(f"- top-1 the same: {sum(r.agrees for r in results)} of {len(results)}")
    print(
        f"- where float32 scores above {CONFIDENT}: "
        f"{sum(r.agrees for r in confident)} of {len(confident)}"
    )
    print(f"- mean shared top-5: {statistics.mean(r.shared_top5 for r in results):.2f} of 5")
    print(f"- mean max |Δ score|: {statistics.mean(r.largest_difference for r in results):.3f}")


def measure_latency(model: onnxruntime.InferenceSession, manifest: dict) -> float:
    """Return the median time of one inference, in milliseconds."""
    declared = manifest["inputs"][0]
    feed = {declared["name"]: np.zeros(declared["shape"], dtype=np.float32)}
    times = []
    for _ in range(LATENCY_RUNS):
        start = time.perf_counter()
        model.run(None, feed)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def parse_arguments() -> argparse.Namespace:
    """Return the command-line arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--package", type=Path, required=True, help="model package directory")
    parser.add_argument("--float-model", type=Path, required=True, help="float32 model to compare with")
    parser.add_argument("--photos", type=Path, required=True, help="directory of photos")
    parser.add_argument("--summary", action="store_true", help="leave the table out")
    parser.add_argument("--latency", action="store_true", help="also time both models on one thread")
    return parser.parse_args()


def main() -> None:
    """Run from the command line."""
    arguments = parse_arguments()
    manifest = read_manifest(arguments.package)
    labels = (arguments.package / manifest["labels"]).read_text(encoding="utf-8").splitlines()
    reference = open_model(arguments.float_model)
    packaged = open_model(arguments.package / manifest["entry"])
    results = compare(list_photos(arguments.photos), manifest, reference, packaged)
    if not arguments.summary:
        print_table(results, labels)
    print_summary(results)
    if arguments.latency:
        print(f"- median latency, float32: {measure_latency(reference, manifest):.1f} ms")
        print(f"- median latency, int8: {measure_latency(packaged, manifest):.1f} ms")


if __name__ == "__main__":
    main()
