"""Demonstration accounts for the sign-in page."""

from __future__ import annotations

from django import template
from django.conf import settings

from tongban.web.demonstration import DemonstrationAccount, demonstration_accounts

register = template.Library()


@register.simple_tag
def demo_accounts() -> list[DemonstrationAccount]:
    return demonstration_accounts()


@register.simple_tag
def outbox() -> str:
    """The folder in which messages lie when no gateway is set; empty in production."""
    environment = settings.ENVIRONMENT
    return "" if environment.production or environment.sms_url else str(environment.outbox)
