"""The addresses of hosting."""

from __future__ import annotations

from django.urls import path

from postroom.web.pages.hosting import installation, monitor, usage

urlpatterns = [
    path("settings/usage", usage.usage, name="usage"),
    path("settings/monitor", monitor.monitor, name="monitor"),
    path("settings/monitor/<int:pk>", monitor.allowance, name="allowance"),
    path("settings/plans", monitor.plans, name="plans"),
    path("settings/plans/remove", monitor.plan_remove, name="plan-remove"),
    path("settings/installation", installation.installation, name="installation"),
]
