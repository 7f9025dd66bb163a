"""What Prometheus is told: counters and times from the Meter, and the vitals of the moment.

Imported only when metrics are served. Labels name kinds, engines and vendors, never members, servers or jobs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from mv.domain.usage import MICRO
from mv.ports import Counted, Meter, Timed
from mv.services.vitals import Vitals

log = logging.getLogger(__name__)

COUNTERS: dict[Counted, tuple[str, tuple[str, ...]]] = {
    Counted.JOBS_ACCEPTED: ("Jobs that were admitted and stored.", ("kind",)),
    Counted.JOBS_ENDED: ("Jobs that came to their end.", ("kind", "state")),
    Counted.DELIVERIES: ("Results that were delivered, by the rung that held.", ("by",)),
    Counted.VENDOR_CALLS: ("Calls to a vendor; the outcome is ok or an error's code.", ("vendor", "outcome")),
    Counted.CALLS_REPEATED: ("Calls made a second time because a kill fell into the first.", ("vendor",)),
    Counted.PREDICTIONS_FOUND: ("Orders found again at the vendor after a kill.", ("vendor",)),
    Counted.RESTS: ("How often a vendor was left alone because it kept failing.", ("vendor",)),
}
TIMES: dict[Timed, tuple[str, tuple[str, ...], tuple[float, ...]]] = {
    Timed.JOB: ("From a job's start to its end.", ("kind", "engine"), (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800)),
    Timed.VENDOR_CALL: ("One call to a vendor.", ("vendor",), (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The connection to Discord. Latency in seconds, None while unknown; `since` a Unix time, None while not connected.
    `servers` are those that the bot is in."""

    connected: bool
    latency: float | None
    since: float | None
    servers: int


class PrometheusMeter(Meter):
    """One registry of its own, with the process's memory, time and open files."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series beside each
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._counters = {
            what: Counter(f"mv_{what.value}", text, labels, registry=self._registry)
            for what, (text, labels) in COUNTERS.items()
        }
        self._times = {
            what: Histogram(f"mv_{what.value}_duration_seconds", text, labels, buckets=steps, registry=self._registry)
            for what, (text, labels, steps) in TIMES.items()
        }
        self._moment = _Moment()
        self._registry.register(self._moment)

    def count(self, what: Counted, **labels: str) -> None:
        """One more."""
        try:
            self._counters[what].labels(**labels).inc()
        except (KeyError, ValueError):
            log.exception("%s is not counted by %s", what.value, sorted(labels))

    def took(self, what: Timed, seconds: float, **labels: str) -> None:
        """How long it took."""
        try:
            self._times[what].labels(**labels).observe(seconds)
        except (KeyError, ValueError):
            log.exception("%s is not timed by %s", what.value, sorted(labels))

    def page(self, accept: str, version: str, *, ready: bool, vitals: Vitals, gateway: Gateway) -> tuple[bytes, str]:
        """In the format that the scraper takes, and that format's name."""
        self._moment.families = tuple(_moment(version, ready, vitals, gateway))
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


class _Moment(Collector):
    """What was found out for the scrape at hand."""

    def __init__(self) -> None:
        self.families: Iterable[Metric] = ()

    def collect(self) -> Iterable[Metric]:
        """As they were found."""
        return self.families


def _moment(version: str, ready: bool, vitals: Vitals, gateway: Gateway) -> Iterator[Metric]:
    info = GaugeMetricFamily("mv_build_info", "Always 1; the version is a label.", labels=("version",))
    info.add_metric((version,), 1)
    yield info
    yield _gauge("mv_ready", "Whether commands are answered and jobs done.", ready)
    yield _gauge("mv_database_up", "Whether the database can be read and written within a second.", vitals.stored)
    yield _gauge("mv_gateway_connected", "Whether Discord sends events, on every shard.", gateway.connected)
    yield _gauge("mv_servers", "Servers that the bot is in.", gateway.servers)
    if gateway.latency is not None:
        yield _gauge("mv_gateway_latency_seconds", "Heartbeat to acknowledgement.", gateway.latency)
    if gateway.since is not None:
        yield _gauge("mv_gateway_connected_since_timestamp_seconds", "Start of the connection.", gateway.since)
    if (stored := vitals.stored) is not None:
        yield _gauge("mv_jobs_waiting", "Jobs that wait for their turn.", stored.waiting)
        yield _gauge("mv_jobs_running", "Jobs under way.", stored.running)
        yield _gauge("mv_jobs_oldest_open_age_seconds", "0 if no job is open.", stored.oldest_seconds or 0.0)
        yield _gauge("mv_spend_today_dollars", "Of everybody, in the day of UTC, with what is reserved.",
                     stored.spent_today / MICRO)  # fmt: skip
    yield from _vendors(vitals)


def _vendors(vitals: Vitals) -> Iterator[Metric]:
    set_up = GaugeMetricFamily("mv_vendor_set_up", "Whether a vendor has its key.", labels=("vendor",))
    resting = GaugeMetricFamily("mv_vendor_resting", "Whether it is left alone for a while.", labels=("vendor",))
    for vendor, ready in vitals.set_up.items():
        set_up.add_metric((vendor,), ready)
    for vendor, state in vitals.states.items():
        resting.add_metric((vendor,), state.resting_until is not None)
    yield set_up
    yield resting


def _gauge(name: str, text: str, value: object) -> Metric:
    """Of anything that is not a number: whether it is there."""
    return GaugeMetricFamily(name, text, value=value if isinstance(value, int | float) else float(value is not None))
