"""Engines without a network: drafts for the preview, and for trying a flavor without cost. They are real work of their
own kind, and say on their face that they are drafts."""

from mv.vendors.offline.painter import OfflinePainter
from mv.vendors.offline.writer import OfflineWriter

__all__ = ["OfflinePainter", "OfflineWriter"]
