"""Every failure the domain knows, one sentence each. The message is written for the person who reads it."""


class DomainError(Exception):
    """Something went wrong in a way that has a name."""

    @property
    def reason(self) -> str:
        """What happened, in words a person can act on."""
        return str(self) or (type(self).__doc__ or "").strip()


class Invalid(DomainError):
    """A value breaks a rule; `pointer` is its JSON pointer in the body, where there is one.

    `position` is (lon, lat) of the fault, where it lies on the map.
    """

    def __init__(self, reason: str, *, pointer: str = "", position: tuple[float, float] | None = None) -> None:
        super().__init__(reason)
        self.pointer, self.position = pointer, position


class NotSignedIn(DomainError):
    """No valid sign-in came with the request."""


class NotAllowed(DomainError):
    """The signed-in user may not do this here."""


class NotFound(DomainError):
    """It does not exist, or belongs to another user."""


class Conflict(DomainError):
    """It contradicts what is already there; `pointer` is its JSON pointer in the body, where there is one."""

    def __init__(self, reason: str = "", *, pointer: str = "") -> None:
        super().__init__(reason)
        self.pointer = pointer


class ChangedMeanwhile(DomainError):
    """It was changed meanwhile; `version` is the one that it has now."""

    def __init__(self, reason: str = "", *, version: int = 0) -> None:
        super().__init__(reason)
        self.version = version


class TooLarge(DomainError):
    """The request's body is larger than is taken."""


class NotSupported(DomainError):
    """The request's body comes in a form that is not read."""


class LimitReached(DomainError):
    """A quota or rate limit is used up; `retry_after_s` says when to come back."""

    def __init__(self, reason: str, *, retry_after_s: int = 60) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Unavailable(DomainError):
    """Something outside (database, storage, queue, push service) does not answer; trying again may help."""


class Busy(DomainError):
    """Another worker holds a live lease on it: let the message come back."""


class BadMessage(DomainError):
    """A queue message that cannot be read."""


class ImageryFailed(DomainError):
    """The provider gave no usable image: the tile run ends FAILED, unless it is ProviderUnavailable."""


class ProviderRefused(ImageryFailed):
    """The provider turned the request down for good (key, permission, quota of the month)."""


class ProviderUnavailable(ImageryFailed):
    """The provider did not answer properly: trying again may help, after `retry_after_s` where it asked for that."""

    def __init__(self, reason: str = "", *, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Throttled(ProviderUnavailable):
    """The provider asks whoever asks it to wait, not for this tile alone."""


class PictureUnavailable(ProviderUnavailable):
    """One picture does not come from where it lies: of the provider's others that says nothing."""


class NoCoverage(ImageryFailed):
    """The provider has no imagery of this tile."""


class BadImage(ImageryFailed):
    """What came is not an image of what was asked for."""


class DoesNotFit(BadImage):
    """An image does not show its reference's ground; `is_reference` says that it is the reference that is odd.

    `witness` is the place of the refused image that says so, among those that were asked; None where none does.
    """

    def __init__(self, reason: str = "", *, is_reference: bool = False, witness: int | None = None) -> None:
        super().__init__(reason)
        self.is_reference, self.witness = is_reference, witness


class LicenceRefused(ProviderRefused):
    """The provider's terms forbid storing or analysing its imagery, and no permission is stated."""
