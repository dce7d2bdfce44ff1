"""Where notices go: Airflow's notifiers, for those channels that the environment names."""

import os
from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseNotifier

WEBHOOK = "QUARTERDECK_NOTIFY_WEBHOOK"
"""An address that takes JSON by POST: `kind`, `subject`, `text` (which chat services show)."""

EMAIL = "QUARTERDECK_NOTIFY_EMAIL"
"""Addresses, separated by commas; the server is Airflow's connection `smtp_default`."""


class NoticeError(Exception):
    """Why a notice could not be sent. Does not name the address, which is a secret with many chat services."""


class WebhookNotifier(BaseNotifier):
    """Posts a notice as JSON. Raises NoticeError where it is not taken."""

    def __init__(self, url: str, kind: str, subject: str, text: str) -> None:
        super().__init__()
        self.url, self.kind, self.subject, self.text = url, kind, subject, text

    def notify(self, context: Any) -> None:
        """Send it."""
        import httpx

        body = {"kind": self.kind, "subject": self.subject, "text": f"{self.subject}\n{self.text}"}
        try:
            answer = httpx.post(self.url, json=body, timeout=30)
        except httpx.HTTPError as error:
            raise NoticeError(f"The address in {WEBHOOK} cannot be reached: {type(error).__name__}.") from None
        if not answer.is_success:
            raise NoticeError(f"The address in {WEBHOOK} answered {answer.status_code}.")


def notifiers(kind: str, subject: str, text: str) -> Sequence[BaseNotifier]:
    """A notifier for each channel that is set; none where nobody asked to be told."""
    found: list[BaseNotifier] = []
    if url := os.environ.get(WEBHOOK):
        found.append(WebhookNotifier(url, kind, subject, text))
    if addresses := os.environ.get(EMAIL):
        from html import escape

        from airflow.providers.smtp.notifications.smtp import SmtpNotifier

        body = f"<pre>{escape(text)}</pre>"
        found.append(SmtpNotifier(to=addresses.split(","), subject=f"Quarterdeck: {subject}", html_content=body))
    return found
