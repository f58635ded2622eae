"""The agent through Google's Python gRPC: stubs that its own compiler made from proto/agent.proto."""

import array
import os
import unittest

import agent_pb2 as pb
import agent_pb2_grpc
import grpc

SOCKET = os.environ["FESCUE_TEST_SOCKET"]
MODEL = os.environ["FESCUE_TEST_MODEL"]
ALIAS = "classifier"


class ClientTest(unittest.TestCase):
    def setUp(self):
        self.channel = grpc.insecure_channel(f"unix://{SOCKET}", options=[("grpc.max_receive_message_length", -1)])
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

    def load(self):
        return self.agent.LoadModel(pb.LoadModelRequest(url=MODEL, name=ALIAS)).model

    def assert_refused(self, code, text, call, request):
        with self.assertRaises(grpc.RpcError) as refusal:
            call(request)
        self.assertEqual(refusal.exception.code(), code)
        self.assertIn(text, refusal.exception.details())

    def test_load_describes_the_model(self):
        model = self.load()
        self.assertEqual((model.url, model.name), (MODEL, ALIAS))
        (tensor,) = model.input_tensor_metadatas
        self.assertEqual((tensor.name, tensor.data_type, list(tensor.shape)), (b"image", pb.FLOAT32, [1, 3, 224, 224]))
        self.assertEqual(self.agent.DescribeModel(pb.DescribeModelRequest(name=ALIAS)).model, model)
        self.assertIn(model, self.agent.ListModels(pb.ListModelsRequest()).models)

    def test_load_again_says_already_exists(self):
        self.load()
        self.assert_refused(grpc.StatusCode.ALREADY_EXISTS, ALIAS, self.agent.LoadModel, pb.LoadModelRequest(url=MODEL, name=ALIAS))

    def test_predict_with_the_metadata_that_describe_gave(self):
        metadata = self.load().input_tensor_metadatas[0]
        tensor = pb.Tensor(tensor_metadata=metadata, byte_data=bytes(4 * 3 * 224 * 224))
        (output,) = self.agent.Predict(pb.PredictRequest(name=ALIAS, tensors=[tensor])).tensors
        self.assertEqual(output.tensor_metadata.data_type, pb.FLOAT32)
        self.assertEqual(list(output.tensor_metadata.shape), [1, 1000])
        self.assertEqual(len(array.array("f", output.byte_data)), 1000)

    def test_predict_without_a_name_and_without_metadata(self):
        metadata = self.load().input_tensor_metadatas[0]
        metadata.ClearField("name")
        data = bytes(4 * 3 * 224 * 224)
        for tensor in (pb.Tensor(tensor_metadata=metadata, byte_data=data), pb.Tensor(byte_data=data)):
            answer = self.agent.Predict(pb.PredictRequest(name=ALIAS, tensors=[tensor]))
            self.assertEqual(len(answer.tensors), 1)

    def test_predict_refuses_what_does_not_fit(self):
        metadata = self.load().input_tensor_metadatas[0]
        request = pb.PredictRequest(name=ALIAS, tensors=[pb.Tensor(tensor_metadata=metadata, byte_data=b"too short")])
        self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, "602112", self.agent.Predict, request)
        self.assert_refused(grpc.StatusCode.NOT_FOUND, "nobody", self.agent.Predict, pb.PredictRequest(name="nobody"))

    def test_control_calls_refuse_what_is_not_there(self):
        self.assert_refused(grpc.StatusCode.NOT_FOUND, "nobody", self.agent.UnLoadModel, pb.UnLoadModelRequest(name="nobody"))
        self.assert_refused(grpc.StatusCode.NOT_FOUND, "nobody", self.agent.DescribeModel, pb.DescribeModelRequest(name="nobody"))
        self.assert_refused(grpc.StatusCode.NOT_FOUND, "/nowhere", self.agent.LoadModel, pb.LoadModelRequest(url="/nowhere", name=ALIAS))
        self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, "a b", self.agent.LoadModel, pb.LoadModelRequest(url=MODEL, name="a b"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
