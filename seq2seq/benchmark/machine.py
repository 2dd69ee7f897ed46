"""What a measurement was made on."""

import importlib.metadata
import os
import platform

import keras
import tensorflow as tf

from seq2seq.training.memory import peak_process_memory

DISTRIBUTION = "keras-seq2seq"


def devices() -> list[str]:
    """Names the GPUs, or the processor and how many of its cores this process may use."""
    gpus = tf.config.list_physical_devices("GPU")
    details = tf.config.experimental.get_device_details
    names = [details(gpu).get("device_name", gpu.name) for gpu in gpus]
    return names or [f"{_processor()}, {len(os.sched_getaffinity(0))} cores"]


def versions() -> dict[str, str]:
    """Returns the versions that speed depends on."""
    found = {"python": platform.python_version()}
    found |= {"tensorflow": tf.__version__, "keras": keras.__version__}
    try:
        found[DISTRIBUTION] = importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:  # run from a checkout
        pass
    return found


def peak_memory() -> dict[str, int]:
    """Returns the most bytes that were in use at once: of this process, and of each GPU."""
    peaks = {"process": peak_process_memory()}
    for gpu in tf.config.list_logical_devices("GPU"):
        name = gpu.name.removeprefix("/device:")
        peaks[name] = tf.config.experimental.get_memory_info(name)["peak"]
    return peaks


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if "model name" in line]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()
