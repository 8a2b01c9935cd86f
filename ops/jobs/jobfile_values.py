"""Values in a job's file: each type says what it takes."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from ops.jobs.judge.schedules import is_cron
from ops.plan import quantity
from ops.plan.releases import Coordinate

_NAME = r"[A-Za-z0-9][A-Za-z0-9._+-]*"


def _text(value: Any) -> Any:
    """YAML reads 1 and true as a number and a boolean; here they are text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _size(value: str) -> str:
    try:
        quantity.spark_bytes(value)
    except ValueError:
        raise ValueError("is not a size such as 512m or 8g") from None
    return value


def _amount(value: str) -> str:
    try:
        quantity.parse(value)
    except ValueError:
        raise ValueError("is not a quantity such as 500m or 10Gi") from None
    return value


def _jar(value: str) -> str:
    if Coordinate.parse(value) is None and not re.fullmatch(rf"{_NAME}\.jar", value):
        raise ValueError("is neither group:artifact:version nor the name of a .jar file")
    return value


def _main(value: str) -> str:
    if "://" in value and not re.match(r"(local:///|s3a://)[A-Za-z0-9]", value):
        raise ValueError("is not local:///..., s3a://... or a file beside the job's file")
    return value


def _archive(value: str) -> str:
    elsewhere = r"(local:///|s3a://)[A-Za-z0-9./_+=-]+\.(tar\.gz|tgz)"
    if not re.fullmatch(rf"{_NAME}\.tar\.gz|{elsewhere}", value):
        raise ValueError("is no .tar.gz file: the name of one in the release, local:/// or s3a://")
    return value


def _module(value: str) -> str:
    if not re.fullmatch(rf"({_NAME}|local:///[A-Za-z0-9./_+=-]+)\.(zip|whl)", value):
        raise ValueError("is no .zip or .whl file: the name of one in the release, or local:///")
    return value


def _cron(value: str) -> str:
    if not is_cron(value):
        raise ValueError("is not a schedule of five fields such as 0 3 * * *")
    return value


def matching(pattern: str, says: str) -> AfterValidator:
    """A validator of text that matches; `says` completes "is not ..."."""

    def check(value: str | None) -> str | None:
        if value is not None and not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(f"is not {says}")
        return value

    return AfterValidator(check)


Text = Annotated[str, BeforeValidator(_text)]
Size = Annotated[str, BeforeValidator(_text), AfterValidator(_size)]
Amount = Annotated[str, BeforeValidator(_text), AfterValidator(_amount)]
Variable = Annotated[str, matching(r"[A-Za-z_][A-Za-z0-9_]*", "the name of a variable")]
ConfKey = Annotated[str, matching(r"spark\.[A-Za-z0-9_./-]+", "a key of Spark: spark. and a name")]
Archive = Annotated[str, AfterValidator(_archive)]
Module = Annotated[str, AfterValidator(_module)]
Jar = Annotated[str, AfterValidator(_jar)]
Main = Annotated[str, AfterValidator(_main)]
Cron = Annotated[str, AfterValidator(_cron)]
