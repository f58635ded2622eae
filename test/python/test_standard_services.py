"""Health and reflection through Google's own Python clients."""

import unittest

from agent_test import ALIAS, MODELS, AgentTest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

SERVICE = "AWS.SageMaker.Edge.Agent"


class StandardServicesTest(AgentTest):
    def test_health_follows_the_agent_and_its_models(self):
        self.load(f"{MODELS}/identity.onnx")
        health = health_pb2_grpc.HealthStub(self.channel)
        for service in ("", SERVICE, f"model/{ALIAS}"):
            answer = health.Check(health_pb2.HealthCheckRequest(service=service))
            self.assertEqual(answer.status, health_pb2.HealthCheckResponse.SERVING, service)

    def test_reflection_describes_the_service(self):
        database = ProtoReflectionDescriptorDatabase(self.channel)
        self.assertIn(SERVICE, database.get_services())
        service = DescriptorPool(database).FindServiceByName(SERVICE)
        self.assertIn("UnLoadModel", service.methods_by_name)
        name = service.methods_by_name["Predict"].input_type.fields_by_name["tensors"].message_type.fields_by_name["tensor_metadata"].message_type.fields_by_name["name"]
        self.assertEqual(name.type, name.TYPE_BYTES)


if __name__ == "__main__":
    unittest.main(verbosity=2)
