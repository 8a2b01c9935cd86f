"""Storage: the EBS driver at scale, and where shuffle files are: claims, Celeborn, Lustre."""

from components.base import Settings
from components.storage.celeborn.settings import CelebornSettings
from components.storage.ebs_csi import EbsCsiSettings
from components.storage.lustre.settings import LustreSettings
from components.storage.shuffle_class import ShuffleClassSettings


class StorageSettings(Settings):
    """`storage`: the EBS driver, and where teams' shuffle files are."""

    ebs_csi: EbsCsiSettings = EbsCsiSettings()
    """The EBS CSI driver."""
    shuffle_class: ShuffleClassSettings = ShuffleClassSettings()
    """Volumes of executors of teams with `shuffle: claim`."""
    celeborn: CelebornSettings = CelebornSettings()
    """The shuffle service of teams with `shuffle: celeborn`."""
    lustre: LustreSettings = LustreSettings()
    """The file system of teams with `shuffle: lustre`."""
