"""Section `monitoring` of a supervised run."""

from __future__ import annotations

from ..run_settings.monitoring import NotANumberRule, SinkSettings
from ..run_settings.section import Section


class SftAlertSettings(Section):
    """What to look out for."""

    not_a_number: NotANumberRule = NotANumberRule()


class SftMonitoringSettings(SinkSettings):
    """Sinks and alerts."""

    alerts: SftAlertSettings = SftAlertSettings()
