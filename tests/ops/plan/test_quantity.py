"""Quantities are read as Kubernetes reads them, and sizes as Spark does."""

from fractions import Fraction

import pytest

from ops.plan import quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4", 4),
        (2, 2),
        (0.5, Fraction(1, 2)),
        ("500m", Fraction(1, 2)),
        ("100n", Fraction(1, 10**7)),
        ("5u", Fraction(1, 200_000)),
        ("2k", 2000),
        ("1M", 10**6),
        ("12E", 12 * 10**18),
        ("1Ki", 1024),
        ("1.5Gi", 3 * 1024**3 // 2),
        ("3Ei", 3 * 1024**6),
        (".5", Fraction(1, 2)),
        ("1.", 1),
        ("+1", 1),
        ("-1", -1),
        ("2e3", 2000),
        ("2E3", 2000),
        ("1e-2", Fraction(1, 100)),
        ("0.1", Fraction(1, 10)),
    ],
)
def test_a_quantity_is_exact(text: str | float, value: Fraction) -> None:
    assert quantity.parse(text) == value


@pytest.mark.parametrize("text", ["", "8g", "4 Gi", "Gi", "1KiB", "1ki", "1K", "m", "1e", "1e3Ki"])
def test_what_kubernetes_refuses_is_refused_here(text: str) -> None:
    with pytest.raises(ValueError, match="is not a quantity such as 500m or 4Gi"):
        quantity.parse(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8g", 8 * 1024**3),
        ("8192m", 8 * 1024**3),
        ("8GB", 8 * 1024**3),
        ("1kb", 1024),
        ("1t", 1024**4),
        ("1p", 1024**5),
        ("7b", 7),
    ],
)
def test_sizes_are_powers_of_two_for_spark(text: str, value: int) -> None:
    assert quantity.spark_bytes(text) == value


@pytest.mark.parametrize("text", ["8Gi", "8", "g", "1.5g", "8 g", "8gbb"])
def test_what_spark_refuses_or_reads_by_its_key_is_refused_here(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size such as 512m or 8g"):
        quantity.spark_bytes(text)


def test_people_read_memory_in_gib_and_the_rest_as_numbers() -> None:
    assert quantity.shown("requests.memory", quantity.parse("11Gi")) == "11.0 GiB"
    assert quantity.shown("requests.cpu", quantity.parse("3500m")) == "3.5"
