"""Block storage of the cluster: the EBS driver at scale, and the StorageClass of shuffle claims."""

from components.base import Settings
from components.storage.ebs_csi import EbsCsiSettings
from components.storage.shuffle_class import ShuffleClassSettings


class StorageSettings(Settings):
    """`storage`: the EBS driver, and the class of executors' claims."""

    ebs_csi: EbsCsiSettings = EbsCsiSettings()
    """The EBS CSI driver."""
    shuffle_class: ShuffleClassSettings = ShuffleClassSettings()
    """Volumes of executors of teams with `shuffle: claim`."""
