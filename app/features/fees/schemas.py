"""Requests and responses of fees."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictInt, model_validator

from app.core.money import MAX_AMOUNT, Currency
from app.models import DealOrigin, FeeSide, VolumeOf

Rate = Annotated[StrictInt, Field(ge=0, le=10_000, description="Basis points: 500 is 5 %.")]
Amount = Annotated[StrictInt, Field(ge=0, le=MAX_AMOUNT, description="Minor units of the currency.")]


class FeePolicyInput(BaseModel):
    """A new version of a fee policy."""

    model_config = ConfigDict(extra="forbid")

    side: FeeSide
    currency: Currency = Currency.RUB
    origin: DealOrigin | None = None
    category: str | None = None
    volume_of: VolumeOf | None = None
    volume_from: Annotated[StrictInt, Field(ge=1, le=MAX_AMOUNT)] | None = None
    rate_bp: Rate = 0
    minimum: Amount = 0
    cap: Amount | None = None
    tax_bp: Rate = 0
    ended: bool = False
    valid_from: AwareDatetime | None = None

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        """Refuse numbers that contradict each other.

        Raises:
            ValueError: They do; the message says which.
        """
        if (self.volume_of is None) is not (self.volume_from is None):
            raise ValueError("volume_of and volume_from belong together")
        if self.cap is not None and self.cap < self.minimum:
            raise ValueError("the cap is below the minimum")
        if self.ended and (self.rate_bp or self.minimum or self.tax_bp or self.cap is not None):
            raise ValueError("a policy that ends has no rate, minimum, cap or tax")
        return self


class FeePolicyFile(BaseModel):
    """The policies of a file that is replayed over the contracts of the past."""

    model_config = ConfigDict(extra="forbid")

    policies: Annotated[list[FeePolicyInput], Field(min_length=1, max_length=1000)]


class FeePolicyRead(BaseModel):
    """A fee that is taken now."""

    id: UUID
    side: FeeSide
    currency: Currency
    origin: Annotated[
        DealOrigin | None,
        Field(
            description="How the contracts began that it is limited to: with an order on the site, or by an invitation "
            "between people who had no such contract before; null for any."
        ),
    ]
    category: Annotated[str | None, Field(description="The category it is limited to; null for any.")]
    category_name: Annotated[str | None, Field(description="The category's name in the reader's language.")]
    volume_of: Annotated[
        VolumeOf | None, Field(description="Whose earlier contracts count towards the step; null without a step.")
    ]
    volume_from: Annotated[int | None, Field(description="The volume from which it applies, in minor units.")]
    rate_bp: Annotated[int, Field(description="The rate in basis points: 500 is 5 %.")]
    minimum: Annotated[int, Field(description="The least fee of a milestone, in minor units.")]
    cap: Annotated[int | None, Field(description="The largest fee of a milestone, in minor units; null for none.")]
    tax_bp: Annotated[int, Field(description="The rate of the tax that the fee contains, in basis points.")]
    valid_from: datetime


class FeeExample(BaseModel):
    """What is taken of one amount, in minor units."""

    amount: int
    currency: Currency
    customer_fee: int
    customer_pays: int
    freelancer_fee: int
    freelancer_receives: int


class FeeList(BaseModel):
    """The fees that are taken now; an empty list means that nothing is taken."""

    items: list[FeePolicyRead]
    example: Annotated[FeeExample | None, Field(description="Present if `amount` was given.")] = None
