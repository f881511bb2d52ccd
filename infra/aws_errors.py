"""What an error of AWS means: its kind, by the service's code or the SDK's class, and sentences for the operator."""

from __future__ import annotations

from enum import Enum, auto

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.aws import code

AwsError = ClientError | BotoCoreError | Boto3Error


class Kind(Enum):
    """What stands in the way of a call to AWS."""

    NO_CREDENTIALS = auto()
    NO_PROFILE = auto()
    EXPIRED = auto()
    UNKNOWN_KEYS = auto()
    REFUSED = auto()
    NO_REGION = auto()
    BAD_REGION = auto()
    UNREACHABLE = auto()
    CUT_OFF = auto()
    SLOW = auto()
    ABSENT = auto()
    BUSY = auto()
    OTHER = auto()


KINDS = {
    Kind.NO_CREDENTIALS: ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"),
    Kind.NO_PROFILE: ("ProfileNotFound",),
    Kind.EXPIRED: ("ExpiredToken", "ExpiredTokenException", "RequestExpired"),
    Kind.UNKNOWN_KEYS: (
        *("InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure"),
        *("SignatureDoesNotMatch", "InvalidSignatureException"),
    ),
    Kind.REFUSED: ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"),
    Kind.NO_REGION: ("NoRegionError",),
    Kind.BAD_REGION: ("InvalidRegionError",),
    Kind.UNREACHABLE: ("EndpointConnectionError", "ConnectTimeoutError"),
    Kind.CUT_OFF: ("ConnectionClosedError",),
    Kind.SLOW: ("ReadTimeoutError",),
    Kind.ABSENT: ("ResourceNotFoundException",),
    Kind.BUSY: ("TooManyRequestsException",),
}
BY_NAME = {name: kind for kind, names in KINDS.items() for name in names}


NO_ANSWER = "AWS does not answer: {error}. Look at the network and at AWS_DEFAULT_REGION"
OF_A_COMMAND = {
    Kind.NO_CREDENTIALS: (
        "no credentials: sign in to the account (aws sso login, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
    ),
    Kind.NO_PROFILE: "{error}: see the profiles with aws configure list-profiles",
    Kind.EXPIRED: "the credentials have expired: sign in again (aws sso login) and run this again",
    Kind.UNKNOWN_KEYS: "AWS does not know these credentials: look at aws sts get-caller-identity",
    Kind.REFUSED: "these credentials may not do {operation}: {error}",
    Kind.UNREACHABLE: NO_ANSWER,
    Kind.CUT_OFF: NO_ANSWER,
    Kind.SLOW: NO_ANSWER,
}
NOT_SIGNED_IN = "there are no AWS credentials here: sign in (aws sso login), or set AWS_PROFILE"
NOT_ACCEPTED = "AWS does not accept your credentials ({name}): sign in again, and check AWS_PROFILE"
OF_A_CALL = {
    Kind.NO_CREDENTIALS: NOT_SIGNED_IN,
    Kind.NO_PROFILE: NOT_SIGNED_IN,
    Kind.EXPIRED: NOT_ACCEPTED,
    Kind.UNKNOWN_KEYS: NOT_ACCEPTED,
    Kind.REFUSED: "your credentials may not call lambda:InvokeFunction on {function}: ask for that permission",
    Kind.NO_REGION: "no region is set: say --region NAME, or set AWS_DEFAULT_REGION",
    Kind.BAD_REGION: "{wrong_region!r} is no region of AWS: say --region ap-south-1, with your own",
    Kind.UNREACHABLE: "AWS Lambda cannot be reached {place}: is the region's name right?",
    Kind.SLOW: "the function {function} did not answer within {within_s} s; see its log",
    Kind.ABSENT: "there is no function {function} {place}: deploy it, or name its --region",
    Kind.BUSY: "all of the account's concurrency is in use {place}: try again in a minute",
}


def kind_of(error: AwsError) -> Kind:
    """Return what stands in the way."""
    return BY_NAME.get(code(error), Kind.OTHER)


def explained(error: AwsError) -> str:
    """Tell the operator of a command on a whole stage what an error means and what to do."""
    if isinstance(error, Boto3Error) and isinstance(error.__context__, ClientError):
        error = error.__context__  # what was refused while a file was uploaded in parts
    sentence = OF_A_COMMAND.get(kind_of(error), "AWS refused {operation}: {error}")
    return sentence.format(error=error, operation=getattr(error, "operation_name", "a call"))


def explained_call(error: AwsError, *, function: str, region: str | None, within_s: float) -> str:
    """Tell the operator who called a stage's function what an error means and what to do."""
    other = "AWS refuses to run {function}: {name}" if isinstance(error, ClientError) else "AWS cannot be asked: {name}"
    return OF_A_CALL.get(kind_of(error), other).format(
        name=code(error),
        function=function,
        place=f"in the region {region or 'of your profile'}",
        within_s=within_s,
        wrong_region=getattr(error, "kwargs", {}).get("region_name"),
    )
