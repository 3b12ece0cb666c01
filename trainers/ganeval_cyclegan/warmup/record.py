"""The record of a warm-up, drawn from the files of its folder."""

from __future__ import annotations

from typing import Final

from ganeval.records import GridImage, ScoreHistogram, TrainingRecord, write_text
from ganeval_cyclegan.metrics_log import read_metrics
from ganeval_cyclegan.record import build_record, spread
from ganeval_cyclegan.run_folder import RunFolder
from ganeval_cyclegan.training_verdict import duration

_SHOWN: Final = 24  # epochs of which picture and histogram are in the record


def write_warmup_record(folder: RunFolder) -> TrainingRecord:
    """Writes ``record.json`` of a run folder and returns it.

    Of a long run a few pictures and histograms are taken, the first and the last among them; the
    folder has all of them.
    """
    lines = list(read_metrics(folder.metrics))
    histograms = [
        ScoreHistogram.model_validate(one)
        for line in lines
        if line["kind"] == "eval"
        for one in line["histograms"]
    ]
    grids = [GridImage.model_validate(line["grid"]) for line in lines if line["kind"] == "grid"]
    record = build_record(folder)
    record = record.model_copy(
        update={
            "verdict": _verdict(record, histograms[-1] if histograms else None),
            "histograms": spread(histograms, _SHOWN),
            "grids": spread(grids, _SHOWN),
        }
    )
    write_text(folder.path / "record.json", record.to_json())
    return record


def _verdict(record: TrainingRecord, last: ScoreHistogram | None) -> str:
    (images,) = record.domains
    amount = f"{record.updates:,} updates ({record.epochs:.3g} epochs, {duration(record.seconds)})"
    begun = {"finished": "Trained", "stopped": "Stopped while training", "diverged": "Diverged"}
    text = (
        f"{begun[record.status]} a fully connected GAN with the loss {record.config['gan']} on "
        f"{images.trained_on:,} images of {images.input.path} for {amount}."
    )
    if last is None or last.overlap is None:
        return text
    text += f" In the last batch scores of real and generated images overlap by {last.overlap:.0%}"
    if last.accuracy is not None:
        text += f", and the discriminator calls {last.accuracy:.0%} of them rightly"
    return text.replace("%", " %") + "."
