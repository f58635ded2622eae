"""Captured data, sent the way clients of the original send it."""

import json
import os
import pathlib
import time
import unittest
import uuid

import agent_pb2 as pb
import grpc
from agent_test import ALIAS, MODELS, AgentTest, floats
from test_shared_memory import Segment

CAPTURES = pathlib.Path(os.environ["FESCUE_TEST_CAPTURES"])
PATIENCE_SECONDS = 20


class CaptureTest(AgentTest):
    def setUp(self):
        super().setUp()
        self.load(f"{MODELS}/identity.onnx")
        self.metadata = pb.TensorMetadata(name=b"x", data_type=pb.FLOAT32, shape=[2])

    def capture(self, capture_id, **fields):
        return self.agent.CaptureData(pb.CaptureDataRequest(model_name=ALIAS, capture_id=capture_id, **fields))

    def status(self, capture_id):
        return self.agent.GetCaptureDataStatus(pb.GetCaptureDataStatusRequest(capture_id=capture_id)).status

    def line_of(self, capture_id):
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while self.status(capture_id) == pb.IN_PROGRESS and time.monotonic() < give_up_at:
            time.sleep(0.05)
        self.assertEqual(self.status(capture_id), pb.SUCCESS)
        lines = [json.loads(line) for path in CAPTURES.rglob("*.jsonl") for line in path.read_text().splitlines()]
        (line,) = [line for line in lines if line["eventMetadata"]["eventId"] == capture_id]
        return line

    def test_a_capture_comes_to_the_disk_with_tensors_and_auxiliary_data(self):
        capture_id = str(uuid.uuid4())
        tensor = pb.Tensor(tensor_metadata=self.metadata, byte_data=floats(1, 2))
        image = pb.AuxilaryData(name="jpg", encoding=pb.NONE, byte_data=bytes(range(256)) * 40)
        result = pb.AuxilaryData(name="result", encoding=pb.JSON, byte_data=b'{"label": "cat"}')
        stamp = pb.Timestamp(seconds=1_678_810_290, nanos=999_999_999)
        self.capture(capture_id, inference_timestamp=stamp, input_tensors=[tensor], output_tensors=[tensor], inputs=[image], outputs=[result])
        line = self.line_of(capture_id)
        self.assertEqual(line["deviceFleetInputs"][0], {"name": "x", "mode": "Input", "observedContentType": "Tensor[FLOAT32; 2]", "encoding": "BASE64", "data": "AACAPwAAAEA="})
        self.assertEqual(line["eventMetadata"]["inferenceTime"], "2023-03-14T16:11:30")
        self.assertEqual((line["eventVersion"], line["eventMetadata"]["modelName"]), ("0", ALIAS))
        (auxiliary,) = line["deviceFleetAuxiliaryInputs"]
        self.assertEqual(pathlib.Path(auxiliary["data-ref"].removeprefix("file://")).read_bytes(), bytes(range(256)) * 40)
        self.assertEqual(line["deviceFleetAuxiliaryOutputs"][0]["data"], '{"label": "cat"}')
        self.assert_refused(grpc.StatusCode.ALREADY_EXISTS, capture_id, self.capture, capture_id)

    def test_tensors_and_data_in_shared_memory_without_a_timestamp(self):
        capture_id = f"captureshm{uuid.uuid4().int}"
        segment = Segment(floats(3, 4) + b"image")
        self.addCleanup(segment.remove)
        segment.seal()
        tensor = pb.Tensor(tensor_metadata=self.metadata, shared_memory_handle=pb.SharedMemoryHandle(segment_id=segment.id))
        image = pb.AuxilaryData(name="jpg", encoding=pb.NONE, shared_memory_handle=pb.SharedMemoryHandle(segment_id=segment.id, offset=8, size=5))
        self.capture(capture_id, input_tensors=[tensor], inputs=[image])
        line = self.line_of(capture_id)
        self.assertEqual(line["deviceFleetInputs"][0]["data"], "AABAQAAAgEA=")
        self.assertEqual(line["deviceFleetAuxiliaryInputs"][0]["data"], "aW1hZ2U=")

    def test_what_cannot_be_captured_is_refused(self):
        self.assertEqual(self.status("never seen"), pb.NOT_FOUND)
        self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, "capture_id", self.capture, "")
        self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, "tensor_metadata", self.capture, "a", input_tensors=[pb.Tensor(byte_data=floats(1))])
        future = pb.Timestamp(seconds=int(time.time()) + 3600)
        self.assert_refused(grpc.StatusCode.OUT_OF_RANGE, "future", self.capture, "a", inference_timestamp=future)
        missing = pb.CaptureDataRequest(model_name="nobody", capture_id="a")
        self.assert_refused(grpc.StatusCode.NOT_FOUND, "nobody", self.agent.CaptureData, missing)


if __name__ == "__main__":
    unittest.main(verbosity=2)
