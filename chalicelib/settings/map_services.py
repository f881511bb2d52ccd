"""The groups of the settings that describe map services of the operator's choice, as those in `groups.py`."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from chalicelib.adapters.imagery.map_services import Service
from chalicelib.adapters.imagery.wms_layer import Layer
from chalicelib.adapters.imagery.xyz_template import Template
from chalicelib.domain.errors import Invalid
from chalicelib.settings.values import Group, UsDollars, Zoom

_DATES = (
    "The days of which it has imagery, with commas: `2024-01-12`, or `2024-01-12=ortho2024` where it calls it so. "
    "Empty: it does not say when its imagery was taken."
)
_LICENCE = "By which licence its imagery may be used; needed."
_ATTRIBUTION = "Whose imagery it is, as the licence wants it said; needed."
_MAY_STORE = "`yes` states that the licence lets its imagery be stored; an area is refused without."
_MAY_ANALYSE = "`yes` states that the licence lets its imagery be analysed; an area is refused without."
_SPEAKS_IPV6 = "Whether it answers over IPv6: a stage on AWS may reach nothing else."
YesOrNo = Literal["yes", "no"]


class TileServer(Group):
    """The provider `xyz`: a tile server"""

    xyz_url: str = Field(
        default="",
        repr=False,  # a key may stand in it
        description="Where its tiles are: `https://tiles.example.org/ortho/{z}/{x}/{y}.jpg`; `{-y}` for TMS, `{date}` "
        "for a day's name. See [imagery.md](imagery.md#a-states-own-service).",
    )
    xyz_zoom: Zoom = Field(default=18, description="The deepest zoom at which its tiles are not just enlarged.")
    xyz_tile_px: Literal["256", "512"] = Field(default="256", description="Pixels of a side of its tiles.")
    xyz_dates: str = Field(default="", description=f"{_DATES} Several need `{{date}}` in the address.")
    xyz_licence: str = Field(default="", description=_LICENCE)
    xyz_licence_url: str = Field(default="", description="Where the licence is to be read.")
    xyz_attribution: str = Field(default="", description=_ATTRIBUTION)
    xyz_may_store: YesOrNo = Field(default="no", description=_MAY_STORE)
    xyz_may_analyse: YesOrNo = Field(default="no", description=_MAY_ANALYSE)
    xyz_cost_usd: UsDollars = Field(default=0.0, description="What one of its tiles costs.")
    xyz_speaks_ipv6: YesOrNo = Field(default="no", description=_SPEAKS_IPV6)

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        try:
            if self.xyz_url:
                Template.of(Service.of("xyz", self.model_dump()), self.model_dump())
        except Invalid as error:
            raise ValueError(error.reason) from None
        return self


class MapService(Group):
    """The provider `wms`: a layer of a Web Map Service 1.3.0"""

    wms_url: str = Field(
        default="",
        repr=False,  # a key may stand in it
        description="Where it is: `https://maps.example.org/geoserver/wms`, with whatever else each request needs "
        "after a `?`. See [imagery.md](imagery.md#a-states-own-service).",
    )
    wms_layer: str = Field(default="", description="The layer; `{date}` in it is filled with a day's name.")
    wms_style: str = Field(default="", description="The layer's style; empty is its own default.")
    wms_format: Literal["image/png", "image/jpeg", "image/webp"] = Field(
        default="image/png", description="In which format it is asked: a JPEG has no transparent ground."
    )
    wms_gsd_m: float = Field(
        default=0.5, ge=0.05, le=100, description="Metres a pixel of the layer: it is asked about as finely."
    )
    wms_date_parameter: str = Field(
        default="", description="The parameter that takes a day's name, mostly `TIME`; empty: none does."
    )
    wms_dates: str = Field(
        default="", description=f"{_DATES} Several need `WMS_DATE_PARAMETER`, or `{{date}}` in the layer."
    )
    wms_licence: str = Field(default="", description=_LICENCE)
    wms_licence_url: str = Field(default="", description="Where the licence is to be read.")
    wms_attribution: str = Field(default="", description=_ATTRIBUTION)
    wms_may_store: YesOrNo = Field(default="no", description=_MAY_STORE)
    wms_may_analyse: YesOrNo = Field(default="no", description=_MAY_ANALYSE)
    wms_cost_usd: UsDollars = Field(default=0.0, description="What one request for a tile costs.")
    wms_speaks_ipv6: YesOrNo = Field(default="no", description=_SPEAKS_IPV6)

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        try:
            if self.wms_url:
                Layer.of(Service.of("wms", self.model_dump()), self.model_dump())
        except Invalid as error:
            raise ValueError(error.reason) from None
        return self
