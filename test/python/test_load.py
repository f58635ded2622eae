"""Many, large, late and abandoned calls."""

import unittest
from concurrent.futures import ThreadPoolExecutor

import agent_pb2 as pb
import grpc
from agent_test import MODELS, AgentTest, floats

MEGABYTE = 1_000_000


class LoadTest(AgentTest):
    def load_identity(self):
        self.load(f"{MODELS}/identity.onnx")

    def load_slow(self):
        self.load(f"{MODELS}/slow.onnx")

    def test_eight_threads_get_their_own_answers(self):
        self.load_identity()

        def calls(thread):
            for call in range(50):
                data = floats(thread, call) * (1 + call * 200)
                if self.predict(pb.Tensor(byte_data=data))[0].byte_data != data:
                    return f"thread {thread} got another answer in call {call}"
            return None

        with ThreadPoolExecutor(8) as pool:
            self.assertEqual([fault for fault in pool.map(calls, range(8)) if fault], [])

    def test_20_mb_go_there_and_back_also_compressed(self):
        self.load_identity()
        data = bytes(range(250)) * (20 * MEGABYTE // 250)
        self.assertEqual(self.predict(pb.Tensor(byte_data=data))[0].byte_data, data)
        self.assertEqual(self.predict(pb.Tensor(byte_data=data), compression=grpc.Compression.Gzip)[0].byte_data, data)

    def test_a_message_over_the_limit_is_refused_with_the_remedy(self):
        self.load_identity()
        tensor = pb.Tensor(byte_data=bytes(100 * MEGABYTE))
        self.assert_refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "MaxMessageMegabytes: 24", self.predict, tensor)
        self.assertEqual(self.predict(pb.Tensor(byte_data=floats(1)))[0].byte_data, floats(1))

    def test_a_full_queue_is_refused(self):
        self.load_slow()
        running = [self.agent.Predict.future(pb.PredictRequest(name="classifier", tensors=[pb.Tensor(byte_data=floats(1))])) for _ in range(16)]
        refused = [call.exception() for call in running if call.exception() is not None]
        self.assertTrue(refused)
        self.assertEqual({error.code() for error in refused}, {grpc.StatusCode.RESOURCE_EXHAUSTED})
        self.assertIn("QueueSize", refused[0].details())

    def test_a_call_past_its_deadline_ends(self):
        self.load_slow()
        self.assert_refused(grpc.StatusCode.DEADLINE_EXCEEDED, "", self.predict, pb.Tensor(byte_data=floats(1)), timeout=0.1)

    def test_a_cancelled_call_ends_and_leaves_its_place_in_the_queue(self):
        self.load_slow()
        request = pb.PredictRequest(name="classifier", tensors=[pb.Tensor(byte_data=floats(1))])
        # One runs, and the queue has room for eight.
        for _ in range(6):
            waiting = [self.agent.Predict.future(request) for _ in range(3)]
            for call in waiting:
                call.cancel()
                self.assertEqual(call.code(), grpc.StatusCode.CANCELLED)
        self.assertEqual(len(self.agent.Predict(request).tensors), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
