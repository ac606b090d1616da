"""Which of the nine brands is open, with how much left, and for whom."""

from datetime import date

from services.charity.api.common import PREFIX, ClockDep, words
from services.charity.errors import UnknownCode
from services.charity.models import Fund, FundBalance
from services.charity.programmes.directory import Brand, directory
from services.charity.programmes.match import BrandMatch, Facts, match_brand
from services.charity.programmes.policy import sentence
from services.charity.schemas.answers import AmountsOut, BrandOut, BrandsOut
from services.charity.store import books
from services.charity.store.figures import figures_by_brand
from services.contracts.money import yuan
from services.kit.application import router as new_router
from services.kit.auth import require
from services.kit.db import SessionDep
from services.kit.fields import Code, Day

router = new_router(prefix=f"{PREFIX}/programmes", tags=["programmes"])
_FIRST, _LAST = date(2000, 1, 1), date(2100, 12, 31)
_NOTHING = {"promised": 0, "paid": 0, "households": 0, "waiting": 0}


@router.get("", dependencies=[require("charity:read")])
async def get_programmes(db: SessionDep, clock: ClockDep, on: Day | None = None, need: Code | None = None) -> BrandsOut:
    """The brands on a day (today), and for a need how each fits a household of which nothing else is known."""
    day = on or clock.today()
    if not _FIRST <= day <= _LAST:
        raise UnknownCode("on", "out_of_range", "日期超出范围", "The day is out of range")
    figures = await figures_by_brand(db)
    funds = await books.funds_with_figures(db)
    items = []
    for brand in directory().brands:
        match = None if need is None else match_brand(brand, need=need, facts=Facts(), on=day)
        items.append(_brand_out(brand, match, day, figures.get(brand.code, _NOTHING), funds))
    return BrandsOut(on=day, items=items)


def _brand_out(
    brand: Brand, match: BrandMatch | None, on: date, figures: dict[str, int], funds: list[tuple[Fund, FundBalance]]
) -> BrandOut:
    amounts = brand.amounts_on(on)
    first, last = brand.season(on)
    return BrandOut(
        code=brand.code,
        name=words(brand.name),
        owner=brand.owner,
        owner_certain=brand.owner_certain,
        owner_note=words(brand.owner_note) if brand.owner_note else None,
        beneficiaries=words(brand.beneficiaries),
        needs=list(brand.needs),
        aid=brand.aid,
        season=words(brand.season_note),
        is_open=brand.is_open(on),
        season_from=first,
        season_to=last,
        amounts=None
        if amounts is None
        else AmountsOut(
            least=yuan(amounts.least_fen),
            most=yuan(amounts.most_fen),
            illustrative=amounts.illustrative,
            source=amounts.source,
        ),
        available=yuan(sum(balance.available_fen for fund, balance in funds if fund.brand == brand.code)),
        promised=yuan(figures["promised"]),
        paid=yuan(figures["paid"]),
        households=figures["households"],
        waiting=figures["waiting"],
        fit=match.fit if match else None,
        reasons=tuple(words(sentence(code, opens_on=match.opens_on)) for code in match.reasons) if match else (),
        missing=match.missing if match else (),
    )
