"""What the suites of this folder share: a client of the agent, as those of the original are written."""

import os
import struct
import unittest

import agent_pb2 as pb
import agent_pb2_grpc
import grpc

TARGET = f"unix://{os.environ['FESCUE_TEST_SOCKET']}"
CLASSIFIER = os.environ["FESCUE_TEST_MODEL"]
# A folder beside the agent's: identity.onnx gives a list of FLOAT32 back, slow.onnx takes a second.
MODELS = "../com.model.python"
ALIAS = "classifier"


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


class AgentTest(unittest.TestCase):
    def setUp(self):
        unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self.channel = grpc.insecure_channel(TARGET, options=unlimited)
        self.agent = agent_pb2_grpc.AgentStub(self.channel)
        self.unload_and_ignore_errors()

    def tearDown(self):
        self.unload_and_ignore_errors()
        self.channel.close()

    def unload_and_ignore_errors(self):
        try:
            self.agent.UnLoadModel(pb.UnLoadModelRequest(name=ALIAS))
        except grpc.RpcError:
            pass

    def load(self, url=CLASSIFIER):
        return self.agent.LoadModel(pb.LoadModelRequest(url=url, name=ALIAS)).model

    def predict(self, *tensors, **options):
        return self.agent.Predict(pb.PredictRequest(name=ALIAS, tensors=tensors), **options).tensors

    def assert_refused(self, code, text, call, *arguments, **options):
        with self.assertRaises(grpc.RpcError) as refusal:
            call(*arguments, **options)
        self.assertEqual(refusal.exception.code(), code)
        self.assertIn(text, refusal.exception.details())
