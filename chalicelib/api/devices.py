"""The devices that want pushes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import StringConstraints

from chalicelib.api.http import Api, ApiModel, Body
from chalicelib.composition import Ports
from chalicelib.domain.accounts import Device, SignIn

api = Api(__name__)


class NewDevice(Body):
    """A phone that wants pushes."""

    token: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4096)]
    platform: Literal["android", "ios", "web"]


class DeviceOut(ApiModel):
    """A registered device. Its token is not shown again."""

    id: int
    platform: str
    created_at: datetime
    seen_at: datetime

    @classmethod
    def of(cls, device: Device) -> DeviceOut:
        """Show a device."""
        return cls(id=device.device_id, platform=device.platform, created_at=device.created_at, seen_at=device.seen_at)


@api.route("/api/devices", method="POST", body=NewDevice, response=DeviceOut, status=201, extra_statuses=(429,))
def add_device(ports: Ports, sign_in: SignIn, body: NewDevice) -> DeviceOut:
    """Register a device for pushes; one that somebody else had registered is taken over."""
    device = ports.accounts.add_device(
        sign_in.user.user_id, token=body.token, platform=body.platform, now=ports.clock()
    )
    return DeviceOut.of(device)


@api.route("/api/devices", response=list[DeviceOut])
def list_devices(ports: Ports, sign_in: SignIn) -> list[DeviceOut]:
    """List the devices that get your pushes."""
    return [DeviceOut.of(device) for device in ports.accounts.devices(sign_in.user.user_id)]


@api.route("/api/devices/{device_id}", method="DELETE", status=204)
def remove_device(ports: Ports, sign_in: SignIn, device_id: int) -> None:
    """Forget a device."""
    ports.accounts.remove_device(device_id, user_id=sign_in.user.user_id)
