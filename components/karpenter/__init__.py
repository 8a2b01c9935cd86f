"""Karpenter: controller, node classes, and the NodePools of executors and drivers."""

from components.karpenter.autoscaler import Karpenter

__all__ = ["Karpenter"]
