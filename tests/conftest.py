"""Gives every test the machine that tests of replicas need."""

import signal

import pytest
import tensorflow as tf

# TensorFlow fixes its devices when it first computes, which any test may be the first to do.
CPU = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(CPU, [tf.config.LogicalDeviceConfiguration()] * 4)


@pytest.fixture
def interruptible():
    """Lets Ctrl-C interrupt: a shell that starts the tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
