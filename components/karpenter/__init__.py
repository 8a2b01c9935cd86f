"""Karpenter: controller, EC2NodeClasses, and the NodePools of executors and drivers."""

from components.karpenter.autoscaler import Karpenter
from components.karpenter.controller import KarpenterSettings

__all__ = ["Karpenter", "KarpenterSettings"]
