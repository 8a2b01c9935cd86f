"""Optional add-ons, one module each: found here, configured under `addons.<module>`.

A module has a class `Addon` over HelmAddon and its settings, `AddonSettings`;
docs/adding-an-addon.md shows one.
"""

import importlib
import pkgutil
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pydantic import create_model

from components.base import Settings
from components.context import Context

MODULES: dict[str, ModuleType] = {
    found.name: importlib.import_module(f"{__name__}.{found.name}")
    for found in pkgutil.iter_modules(__path__)
}
_FIELDS: dict[str, Any] = {
    name: (module.AddonSettings, module.AddonSettings()) for name, module in MODULES.items()
}

if TYPE_CHECKING:
    AddonsSettings = Settings
else:
    AddonsSettings = create_model("AddonsSettings", __base__=Settings, **_FIELDS)
    """`addons`: a field per add-on."""


def install_addons(settings: AddonsSettings, context: Context) -> None:
    """Creates every add-on that the stack enables."""
    for name, module in MODULES.items():
        addon = getattr(settings, name)
        if addon.enabled:
            module.Addon(name.replace("_", "-"), addon, context)
