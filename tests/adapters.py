"""The vendors' real adapters with little patience: for tests whose vendors stand on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mv.app import Adapters
from mv.config import Config
from mv.domain.engine import Vendor
from mv.settings import Settings
from mv.vendors.gemini import GeminiWriter
from mv.vendors.gemini_painter import GeminiPainter
from mv.vendors.offline import OfflinePainter, OfflineWriter
from mv.vendors.replicate import ReplicatePainter


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long they wait, in seconds: as their constructors have it. `pause` is what every offline job takes."""

    first_wait: float = 0.01
    answer_seconds: float = 0.5
    poll: Sequence[float] = (0.01, 0.02, 0.05)
    look: Sequence[float] = (0.02, 0.05)
    look_seconds: float = 0.2
    download_seconds: float = 1.0
    pause: float = 0.0


def adapters(settings: Settings, config: Config, pace: Pace) -> Adapters:
    """For `build(vendors=…)`."""
    key, token = settings.gemini_api_key, settings.replicate_api_token
    writer = GeminiWriter(
        key.get_secret_value() if key else "",
        base_url=settings.gemini_base_url,
        api_version=settings.gemini_api_version,
        first_wait=pace.first_wait,
    )
    own_painter = GeminiPainter(
        key.get_secret_value() if key else "",
        base_url=settings.gemini_base_url,
        api_version=settings.gemini_api_version,
        pictures=config.limits.pictures,
        upload_seconds=pace.answer_seconds,
        first_wait=pace.first_wait,
    )
    painter = ReplicatePainter(
        token.get_secret_value() if token else "",
        base_url=settings.replicate_base_url,
        pictures=config.limits.pictures,
        poll=pace.poll,
        look=pace.look,
        look_seconds=pace.look_seconds,
        answer_seconds=pace.answer_seconds,
        first_wait=pace.first_wait,
        download_seconds=pace.download_seconds,
    )
    draft = OfflineWriter(lambda flavor: config.flavor(flavor).scene_params.vocabulary, pause_seconds=pace.pause)
    sheet = OfflinePainter(pause_seconds=pace.pause)
    painters = {Vendor.GEMINI: own_painter, Vendor.REPLICATE: painter, Vendor.OFFLINE: sheet}
    return {Vendor.GEMINI: writer, Vendor.OFFLINE: draft}, painters
