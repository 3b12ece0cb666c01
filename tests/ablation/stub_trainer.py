"""A training program without torch: seeded noise, a state it can go on from."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path


def train(asked: argparse.Namespace) -> int:
    state = Path("state.txt")
    done = int(state.read_text()) if asked.resume and state.exists() else 0
    with Path("updates.log").open("a") as log:
        for update in range(done, asked.updates):
            if asked.crash_at == update and not Path("crashed").exists():
                Path("crashed").touch()
                print("a made-up crash", flush=True)
                return 7
            if asked.diverge_at == update:
                return 86
            time.sleep(asked.pause)
            log.write(f"{update} {os.getpid()}\n")
            log.flush()
            part = state.with_suffix(".part")
            part.write_text(str(update + 1))
            part.replace(state)
    return 0


def translate(asked: argparse.Namespace) -> int:
    import random

    from PIL import Image

    trained = json.loads(Path("asked.json").read_text())
    updates = int(Path("state.txt").read_text())
    if asked.images == "none":
        return 0
    inputs = sorted(Path(asked.data).glob("*.png"))
    for i, path in enumerate(inputs if asked.images == "all" else inputs[:3]):
        rng = random.Random(f"{trained['seed']} {updates} {trained['level']} {i}")
        Image.frombytes("RGB", (8, 8), rng.randbytes(192)).save(
            Path(asked.out) / f"{path.stem}_fake_B.png"
        )
    return 0


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["train", "translate"])
    for name in ("data", "name", "out", "note"):
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("--images", default="all")
    for name in ("seed", "updates", "level"):
        parser.add_argument(f"--{name}", type=int, default=0)
    for name in ("crash-at", "diverge-at"):
        parser.add_argument(f"--{name}", type=int, default=-1)
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--resume", action="store_true")
    asked = parser.parse_args()
    if asked.what == "train":
        Path("asked.json").write_text(json.dumps(vars(asked)))
    return train(asked) if asked.what == "train" else translate(asked)


if __name__ == "__main__":
    sys.exit(main())
