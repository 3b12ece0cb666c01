"""Signals are noted first and obeyed where the state is whole."""

from __future__ import annotations

import os
import signal

import pytest

from ganeval_cyclegan.signals import StopNow, StopRequest


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGUSR1"])
def test_a_signal_is_noted_and_the_handlers_come_back(name: str) -> None:
    before = signal.getsignal(getattr(signal, name))
    with StopRequest() as stop:
        assert stop.name is None
        os.kill(os.getpid(), getattr(signal, name))
        assert stop.name == name
    assert signal.getsignal(getattr(signal, name)) is before


def test_the_first_signal_keeps_its_name_and_a_second_ctrl_c_leaves_at_once() -> None:
    with StopRequest() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGUSR1)
        assert stop.name == "SIGTERM"
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_work_that_changes_no_state_is_left_at_once() -> None:
    reached = []

    def interrupted(stop: StopRequest) -> None:
        with stop.interruptible():
            if stop.name is None:
                os.kill(os.getpid(), signal.SIGTERM)
            reached.append("after the signal")

    with StopRequest() as stop:
        with pytest.raises(StopNow):
            interrupted(stop)
        with pytest.raises(StopNow):  # a signal that came before
            interrupted(stop)
    assert not reached
