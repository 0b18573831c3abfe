from types import SimpleNamespace

import jax
import pytest

from schemas.model_config import ModelConfig
from trainer.metrics.flops import Peak, device_peak, flops_per_token, mfu_formula

CONFIG = ModelConfig(layers=2, heads=2, head_dim=4, rotary_dim=2, vocabulary_rows=10, context_length=16)


def test_the_operations_of_a_token_by_hand() -> None:
    width, rows = 8, 10
    block = 2 * width + 4 * width**2 + (4 * width**2 + 4 * width) + (4 * width**2 + width)
    parameters = 2 * block + 2 * width + rows * width + rows  # without the embedding
    assert flops_per_token(CONFIG) == 6 * parameters + 12 * 2 * width * 16


@pytest.mark.parametrize(
    ("kind", "teraflops"),
    [("TPU v4", 275), ("TPU v5 lite", 197), ("NVIDIA H100 80GB HBM3", 989), ("NVIDIA A100-SXM4-40GB", 312)],
)
def test_the_peak_of_known_devices_counts_them_all(monkeypatch: pytest.MonkeyPatch, kind: str, teraflops: int) -> None:
    pretend(monkeypatch, kind)
    found = device_peak()
    assert found.flops == teraflops * 4e12
    assert found.source == f"4 x {kind} at {teraflops} TFLOP/s bfloat16"
    assert "MFU = tokens/s x" in mfu_formula(CONFIG, found)


def test_an_unknown_device_has_no_peak(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "TPU v99")
    found = device_peak()
    assert found == Peak(None, "peak of 'TPU v99' unknown")
    assert mfu_formula(CONFIG, found).startswith("MFU n/a (peak of 'TPU v99' unknown); one token takes 6N + 12LET")


def test_a_cpu_is_measured() -> None:
    found = device_peak()
    assert found.flops is not None and found.flops > 0
    assert "on this CPU" in found.source


def pretend(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    device = SimpleNamespace(platform="accelerator", device_kind=kind)
    monkeypatch.setattr(jax, "devices", lambda: [device])
    monkeypatch.setattr(jax, "device_count", lambda: 4)
