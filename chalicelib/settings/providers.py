"""The group of the settings that say where imagery comes from, as those in `groups.py`."""

from __future__ import annotations

from pydantic import Field

from chalicelib.settings.values import Days, Group, ProviderName


class Providers(Group):
    """Where imagery comes from."""

    default_provider: ProviderName = Field(
        default="none",
        description="The provider of an area that names none, where the archive shows no half of it. `none`: such "
        "an area is refused with the reason. `make run` sets `sample`, whose landscape is invented.",
    )
    archive: str = Field(default="", description="A folder of STAC Items, or `s3://bucket/prefix`.")
    archive_hosts: str = Field(
        default="",
        description="Other machines whose GeoTIFFs its items may name, with commas: `cogs.example.org`, "
        "`http://nas.local:8080`, `s3://bucket`; see [archive.md](archive.md#pictures-on-other-machines).",
    )
    archive_ipv6_hosts: str = Field(
        default="", description="Those of `ARCHIVE_HOSTS` that answer over IPv6: a stage on AWS may reach no others."
    )
    sample_clock: str = Field(
        default="", description="A file with the days by which the rendered landscape's calendar differs from today."
    )
    sentinel2_catalogue: str = Field(
        default="https://earth-search.aws.element84.com/v1",
        description="The STAC API that `sentinel2` searches; empty: the provider is not offered.",
    )
    sentinel2_fallback: str = Field(
        default="https://planetarycomputer.microsoft.com/api/stac/v1",
        description="The STAC API that is asked where the first one fails or is behind; empty: none.",
    )
    sentinel2_signing: str = Field(
        default="https://planetarycomputer.microsoft.com/api/sas/v1/token",
        description="Where tokens are had for the files of that one of the two which lies on the same host.",
    )
    sentinel2_hosts: str = Field(
        default="e84-earth-search-sentinel-data.s3.us-west-2.amazonaws.com,"
        "sentinel-cogs.s3.us-west-2.amazonaws.com,sentinel2l2a01.blob.core.windows.net",
        description="The machines whose files its items may name, with commas, beside the catalogues' own.",
    )
    sentinel2_stale_days: Days = Field(
        default=3, gt=0, le=30, description="A catalogue without a newer scene is behind: a failure, never nothing new."
    )
    sentinel2_silent_days: Days = Field(
        default=12,
        gt=0,
        le=36_500,
        description="So is ground without a newer scene of it, clear or not. Raise it for a catalogue of old scenes.",
    )
    google_permission: str = Field(
        default="",
        description="Your statement that you hold Google's written permission; see "
        "[decision 4](decisions/0004-imagery-licences.md).",
    )
    google_key_secret: str = Field(default="google-maps-key", description="The name of the secret with the API key.")
    google_signing_secret: str = Field(default="google-maps-signing", description="The secret that signs its URLs.")
    google_endpoint: str = Field(
        default="https://maps.googleapis.com/maps/api/staticmap", description="Where `google_static` asks."
    )

    @property
    def usual(self) -> str:
        """The provider that areas have most likely which name none."""
        return self.default_provider if self.default_provider != "none" else "archive"
