"""Tensors in System V shared memory, made the way clients of the original make them."""

import ctypes
import struct
import unittest

import agent_pb2 as pb
import grpc
from agent_test import MODELS, AgentTest, floats

libc = ctypes.CDLL(None, use_errno=True)
libc.shmget.argtypes = [ctypes.c_int, ctypes.c_size_t, ctypes.c_int]
libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
libc.shmat.restype = ctypes.c_void_p
libc.shmdt.argtypes = [ctypes.c_void_p]
libc.shmctl.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_void_p]

IPC_PRIVATE, IPC_CREAT = 0, 0o1000
IPC_RMID, IPC_SET, IPC_STAT = 0, 1, 2
# struct shmid_ds on 64-bit Linux.
STATUS_BYTES, MODE_OFFSET = 112, 20


class Segment:
    def __init__(self, data):
        self.id = libc.shmget(IPC_PRIVATE, len(data), IPC_CREAT | 0o600)
        address = libc.shmat(self.id, None, 0)
        ctypes.memmove(address, data, len(data))
        libc.shmdt(address)

    def seal(self):
        status = ctypes.create_string_buffer(STATUS_BYTES)
        libc.shmctl(self.id, IPC_STAT, status)
        struct.pack_into("=I", status, MODE_OFFSET, 0o400)
        if libc.shmctl(self.id, IPC_SET, status) != 0:
            raise OSError(ctypes.get_errno(), "IPC_SET")
        return self

    def remove(self):
        libc.shmctl(self.id, IPC_RMID, None)


class SharedMemoryTest(AgentTest):
    def setUp(self):
        super().setUp()
        self.load(f"{MODELS}/identity.onnx")
        self.segment = Segment(floats(1, 2, 3, 4))
        self.addCleanup(self.segment.remove)

    def predict_shared(self, length, **handle):
        metadata = pb.TensorMetadata(name=b"x", data_type=pb.FLOAT32, shape=[length])
        shared = pb.SharedMemoryHandle(segment_id=self.segment.id, **handle)
        return self.predict(pb.Tensor(tensor_metadata=metadata, shared_memory_handle=shared))[0].byte_data

    def test_a_sealed_segment_is_read_whole_in_part_and_without_a_size(self):
        self.segment.seal()
        self.assertEqual(self.predict_shared(4, size=16), floats(1, 2, 3, 4))
        self.assertEqual(self.predict_shared(2, size=8, offset=4), floats(2, 3))
        self.assertEqual(self.predict_shared(3), floats(1, 2, 3))

    def test_a_segment_that_is_not_sealed_is_refused(self):
        self.assert_refused(grpc.StatusCode.FAILED_PRECONDITION, "mode 0600", self.predict_shared, 4, size=16)

    def test_what_lies_outside_the_segment_is_refused(self):
        self.segment.seal()
        self.assert_refused(grpc.StatusCode.INVALID_ARGUMENT, "outside", self.predict_shared, 4, size=16, offset=4)


if __name__ == "__main__":
    unittest.main(verbosity=2)
