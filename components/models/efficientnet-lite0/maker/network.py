"""EfficientNet-Lite0 as a float32 ONNX graph.

The network follows the published description: a 3x3 stem with 32 channels,
seven stages of inverted residual blocks without squeeze-and-excitation, a
1x1 head with 1280 channels, global average pooling and one fully connected
layer. Activations are ReLU6. Batch normalisation is folded into the
convolutions, and padding is TensorFlow's SAME (the odd pixel goes to the
bottom and right).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

IMAGE_SIZE = 224
CLASSES = 1000
INPUT_NAME = "image"
OUTPUT_NAME = "logits"
OPSET = 17
IR_VERSION = 8
BATCH_NORM_EPSILON = 1e-3


@dataclass(frozen=True)
class Stage:
    """Blocks that share a kernel size and a width; the first one may stride."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(repeats=1, kernel=3, stride=1, expansion=1, channels=16),
    Stage(repeats=2, kernel=3, stride=2, expansion=6, channels=24),
    Stage(repeats=2, kernel=5, stride=2, expansion=6, channels=40),
    Stage(repeats=3, kernel=3, stride=2, expansion=6, channels=80),
    Stage(repeats=3, kernel=5, stride=1, expansion=6, channels=112),
    Stage(repeats=4, kernel=5, stride=2, expansion=6, channels=192),
    Stage(repeats=1, kernel=3, stride=1, expansion=6, channels=320),
)


@dataclass(frozen=True)
class FeatureMap:
    """A tensor inside the graph: its name, channel count and side length."""

    name: str
    channels: int
    size: int


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return the padding before and after that makes the output ceil(size / stride)."""
    output = math.ceil(size / stride)
    total = max((output - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class GraphBuilder:
    """Collects the nodes and initialisers of the network."""

    def __init__(self, weights: dict[str, np.ndarray]):
        self._weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.initialisers: list[onnx.TensorProto] = []
        self._relu6_bounds = (
            self._constant("relu6_min", np.float32(0)),
            self._constant("relu6_max", np.float32(6)),
        )

    def _constant(self, name: str, value) -> str:
        self.initialisers.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def _node(self, operator: str, inputs: list[str], name: str, output=None, **attributes) -> str:
        output = output or f"{name}_output"
        self.nodes.append(helper.make_node(operator, inputs, [output], name=name, **attributes))
        return output

    def _folded(self, conv: str, norm: str) -> tuple[np.ndarray, np.ndarray]:
        """Return kernel and bias of a convolution with its batch norm folded in."""
        kernel = self._weights[f"{conv}.weight"].astype(np.float64)
        gamma, beta, mean, variance = (
            self._weights[f"{norm}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)
        return (
            (kernel * scale[:, None, None, None]).astype(np.float32),
            (beta - mean * scale).astype(np.float32),
        )

    def convolution(
        self, source: FeatureMap, name: str, conv: str, norm: str, stride=1, depthwise=False, relu6=True
    ) -> FeatureMap:
        """Add convolution, folded batch norm and, if asked for, ReLU6."""
        kernel, bias = self._folded(conv, norm)
        groups = source.channels if depthwise else 1
        if kernel.shape[1] * groups != source.channels:
            raise ValueError(f"{conv}: kernel {kernel.shape} does not fit {source.channels} channels")
        before, after = same_padding(source.size, kernel.shape[2], stride)
        output = self._node(
            "Conv",
            [
                source.name,
                self._constant(f"{name}_weight", kernel),
                self._constant(f"{name}_bias", bias),
            ],
            name,
            kernel_shape=kernel.shape[2:],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=groups,
        )
        if relu6:
            output = self._node("Clip", [output, *self._relu6_bounds], f"{name}_relu6")
        return FeatureMap(output, kernel.shape[0], math.ceil(source.size / stride))

    def block(self, source: FeatureMap, index: int, stage: Stage, stride: int) -> FeatureMap:
        """Add one inverted residual block."""
        name, prefix = f"block{index}", f"_blocks.{index}"
        x = source
        if stage.expansion != 1:
            x = self.convolution(x, f"{name}_expand", f"{prefix}._expand_conv", f"{prefix}._bn0")
        x = self.convolution(
            x, f"{name}_depthwise", f"{prefix}._depthwise_conv", f"{prefix}._bn1", stride, depthwise=True
        )
        x = self.convolution(
            x, f"{name}_project", f"{prefix}._project_conv", f"{prefix}._bn2", relu6=False
        )
        if x.channels != stage.channels:
            raise ValueError(f"{name}: {x.channels} channels, expected {stage.channels}")
        if stride == 1 and x.channels == source.channels:
            x = FeatureMap(self._node("Add", [x.name, source.name], f"{name}_add"), x.channels, x.size)
        return x

    def classifier(self, source: FeatureMap) -> None:
        """Add pooling and the fully connected layer, ending in the model's output."""
        x = self._node("GlobalAveragePool", [source.name], "pool")
        x = self._node("Flatten", [x], "flatten", axis=1)
        weight = self._constant("classifier_weight", self._weights["_fc.weight"])
        bias = self._constant("classifier_bias", self._weights["_fc.bias"])
        self._node("Gemm", [x, weight, bias], "classifier", output=OUTPUT_NAME, transB=1)


def build_model(weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    """Return the float32 model made from a checkpoint's weights."""
    builder = GraphBuilder(weights)
    x = FeatureMap(INPUT_NAME, 3, IMAGE_SIZE)
    x = builder.convolution(x, "stem", "_conv_stem", "_bn0", stride=2)
    index = 0
    for stage in STAGES:
        for repeat in range(stage.repeats):
            x = builder.block(x, index, stage, stage.stride if repeat == 0 else 1)
            index += 1
    x = builder.convolution(x, "head", "_conv_head", "_bn1")
    builder.classifier(x)

    image = helper.make_tensor_value_info(INPUT_NAME, TensorProto.FLOAT, [1, 3, IMAGE_SIZE, IMAGE_SIZE])
    logits = helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.FLOAT, [1, CLASSES])
    graph = helper.make_graph(
        builder.nodes, "efficientnet-lite0", [image], [logits], initializer=builder.initialisers
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return onnx.shape_inference.infer_shapes(model)
