"""What an organisation wants to become of warnings, as declared in `expectations/policy.yml`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from quarterdeck.declared import read_yaml
from quarterdeck.settings import Settings


class Policy(BaseModel):
    """One organisation's policy: warnings are published with a mark, or wait for approval."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    warnings: Literal["publish", "approve"] = "publish"


class Policies(BaseModel):
    """The policies of all organisations, by code."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: Policy = Policy()
    organisations: dict[str, Policy] = {}

    def needs_approval(self, organisation_code: str) -> bool:
        """Whether this organisation's warnings wait for a named person."""
        return self.organisations.get(organisation_code, self.default).warnings == "approve"


def policies(settings: Settings) -> Policies:
    """The declared policies.

    Raises pydantic's ValidationError, which names the field, where the file is not of the described shape.
    """
    return Policies(**read_yaml(settings.policy))
