"""A trained network as arrays and facts, and back: what of a saved classifier needs torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from pydantic import TypeAdapter, ValidationError

from ganeval.classifier.fit import FittedNetwork
from ganeval.classifier.network_form import NetworkForm
from ganeval.errors import InputError
from ganeval.features.devices import choose_engine
from ganeval.records.classify import NetworkInfo


def network_arrays(fitted: FittedNetwork) -> dict[str, np.ndarray]:
    """Returns the weights and running means by name."""
    state = fitted.network.state_dict()
    # Channels last in memory there, rows in a file; counters have no axis at all.
    return {name: np.array(tensor.cpu().numpy(), order="C") for name, tensor in state.items()}


def network_facts(fitted: FittedNetwork) -> dict[str, Any]:
    """Returns what rebuilds the network around its weights: its form, and how it was trained."""
    return {"form": asdict(fitted.form), "info": fitted.info.model_dump()}


def rebuilt_network(
    facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray], device: str
) -> FittedNetwork:
    """Builds the network that `network_arrays` and `network_facts` describe.

    Args:
        facts: Its form and training.
        arrays: Its weights.
        device: ``auto``, ``cpu``, ``cuda``, ``mps``.

    Raises:
        InputError: They do not fit together, or the device cannot be had.
    """
    try:
        form = TypeAdapter(NetworkForm).validate_python(facts.get("form"))
        info = NetworkInfo.model_validate(facts.get("info"))
    except ValidationError as error:
        raise InputError("the classifier's network is none that this version knows") from error
    network = form.network()
    tensors = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
    wanted = {name: (t.shape, t.dtype) for name, t in network.state_dict().items()}
    if {name: (t.shape, t.dtype) for name, t in tensors.items()} != wanted:
        raise InputError("the classifier's weights do not fit its network")
    network.load_state_dict(tensors, assign=True)
    target = torch.device(choose_engine("torch", device).device)
    network = network.to(target).to(memory_format=torch.channels_last)
    return FittedNetwork(form, network, info)
