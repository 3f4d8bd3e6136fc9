"""The resource that assets share: settings from the environment, and whose key it is."""

from __future__ import annotations

import time

import dagster as dg
from pydantic import PrivateAttr

from connector.budget import Budget
from connector.client import Client
from connector.errors import ConnectorError
from connector.identity import Identity, who_am_i
from connector.settings import Settings

REMEMBERED = 300.0
"""Seconds for which an answer about the key counts: scopes may be granted while a run goes on."""


class Productlane(dg.ConfigurableResource["Productlane"]):
    """Settings and identity, each learned once in a run and not before.

    It has no fields on purpose: Dagster shows the configuration of resources to everybody who
    can open its pages, and the key is none of their business.
    """

    _settings: Settings | None = PrivateAttr(default=None)
    _learned: tuple[float, Identity | ConnectorError] | None = PrivateAttr(default=None)

    @property
    def settings(self) -> Settings:
        """The settings as they are when the run first needs them."""
        if self._settings is None:
            self._settings = Settings.load()
        return self._settings

    async def identity(self) -> Identity:
        """Whose key it is. A run of 24 assets asks once.

        A refusal is remembered too: where the API is down, the first asset finds out with all
        its patience, and the others don't try for as long again.
        """
        if self._learned is None or time.monotonic() - self._learned[0] > REMEMBERED:
            self._learned = time.monotonic(), await self._ask()
        answer = self._learned[1]
        if isinstance(answer, ConnectorError):
            raise answer
        return answer

    async def _ask(self) -> Identity | ConnectorError:
        settings = self.settings.with_key()
        budget = Budget.of_key(settings.api_key, settings.base_url)
        try:
            async with Client(settings, budget) as client:
                return await who_am_i(client)
        except ConnectorError as error:
            return error
        finally:
            budget.close()
