import pytest
from hypothesis import given
from hypothesis import strategies as some
from tensorflow.core.framework import attr_value_pb2, tensor_shape_pb2

from seq2seq.wire import entries, fields, message, signed


def test_the_example_of_the_specification():
    assert message((1, 150)) == b"\x08\x96\x01"
    assert list(fields(b"\x08\x96\x01")) == [(1, 150)]
    assert message((2, "testing")) == b"\x12\x07testing"


@given(some.lists(some.integers(-(2**63), 2**63 - 1)), some.text())
def test_what_is_written_is_what_the_library_reads_and_the_other_way(sizes, name):
    ours = message(*[(2, message((1, size), (2, name))) for size in sizes])
    read = tensor_shape_pb2.TensorShapeProto.FromString(ours)
    assert [(axis.size, axis.name) for axis in read.dim] == [(size, name) for size in sizes]
    theirs = [dict(fields(axis)) for _, axis in fields(read.SerializeToString())]
    assert [signed(axis.get(1, 0)) for axis in theirs] == sizes


def test_maps_and_fields_of_fixed_size_are_read():
    names = attr_value_pb2.NameAttrList(name="f")
    names.attr["a"].f = 1.5
    names.attr["b"].i = -7
    found = entries(names.SerializeToString(), 2)
    assert list(fields(found["a"])) == [(4, b"\x00\x00\xc0?")]
    assert signed(dict(fields(found["b"]))[3]) == -7


def test_a_message_that_is_cut_is_an_error():
    with pytest.raises(IndexError):
        list(fields(b"\x08\x96"))
