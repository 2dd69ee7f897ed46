"""COMET, where it is installed: Rei et al. (2020)."""

import importlib.metadata
import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path

from seq2seq.evaluation import Score

PACKAGE = "comet"


def comet(
    checkpoint: Path, sources: Sequence[str], hypotheses: Sequence[str], references: Sequence[str]
) -> Score:
    """Scores with a COMET model on disk; nothing is downloaded.

    Args:
        checkpoint: the model's .ckpt file, with its hparams.yaml one folder up, as COMET keeps it.

    Raises:
        ValueError: COMET is not installed, or there is no such file.
    """
    if importlib.util.find_spec(PACKAGE) is None:
        raise ValueError("COMET is not installed: install unbabel-comet, or leave its model out")
    if not checkpoint.is_file():
        raise ValueError(f"there is no COMET model {checkpoint}: give its .ckpt file")
    # Read when their modules are first imported: what COMET builds on would look for newer files.
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    module = importlib.import_module(PACKAGE)
    model = module.load_from_checkpoint(str(checkpoint), local_files_only=True)
    texts = zip(sources, hypotheses, references)
    samples = [{"src": source, "mt": found, "ref": wanted} for source, found, wanted in texts]
    told = model.predict(samples, batch_size=8, gpus=0, progress_bar=False)
    version = importlib.metadata.version("unbabel-comet")
    return Score(100 * float(told.system_score), f"model:{checkpoint.name}|unbabel-comet:{version}")
