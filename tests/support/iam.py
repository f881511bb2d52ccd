"""What a call to AWS needs of IAM, and what a policy says to it: enough of IAM for the policies of this project."""

import re

ACCOUNT = "ap-south-1:123456789012"
OBJECTS = {
    "GetObject": "GetObject",
    "HeadObject": "GetObject",
    "PutObject": "PutObject",
    "DeleteObject": "DeleteObject",
}
LISTS = {"ListObjectsV2", "ListObjects", "HeadBucket"}


def needs(service, operation, told):
    """Give the (action, ARN) pairs that a call needs; an operation that is not known needs a right on everything."""
    if service == "secretsmanager":
        name = told["SecretId"]
        arn = name if name.startswith("arn:") else f"arn:aws:secretsmanager:{ACCOUNT}:secret:{name}-AbCdEf"
        return [(f"secretsmanager:{operation}", arn)]
    if service == "sqs":
        queue = told.get("QueueName") or told.get("QueueUrl", "").rpartition("/")[2] or "*"
        return [(f"sqs:{operation.removesuffix('Batch')}", f"arn:aws:sqs:{ACCOUNT}:{queue}")]
    if service == "s3" and operation in LISTS:
        return [("s3:ListBucket", f"arn:aws:s3:::{told['Bucket']}")]
    if service == "s3" and operation in OBJECTS:
        return [(f"s3:{OBJECTS[operation]}", f"arn:aws:s3:::{told['Bucket']}/{told['Key']}")]
    if service == "s3" and operation == "DeleteObjects":
        return [("s3:DeleteObject", f"arn:aws:s3:::{told['Bucket']}/{key}") for key in told["Keys"]]
    return [(f"{service}:{operation}", "*")]


def matches(pattern, arn):
    """Say whether a pattern of a policy covers an ARN."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), arn) is not None


def rights(document, effect="Allow"):
    """Give every (action, pattern) of a policy; conditions are taken as met, and a Deny's as well."""
    for each in document["Statement"]:
        if each["Effect"] == effect:
            for action in [each["Action"]] if isinstance(each["Action"], str) else each["Action"]:
                for pattern in [each["Resource"]] if isinstance(each["Resource"], str) else each["Resource"]:
                    yield action, pattern


def is_allowed(document, action, arn):
    """Say whether a policy lets a call through: a Deny wins, and what is not named is denied."""
    hit = {
        effect: any((act, True) == (action, matches(pattern, arn)) for act, pattern in rights(document, effect))
        for effect in ("Allow", "Deny")
    }
    return hit["Allow"] and not hit["Deny"]


def refused(calls, document):
    """Give the calls, as (service, operation, told), that a policy does not let through."""
    return sorted(
        {
            f"{operation} needs {action} on {arn}"
            for service, operation, told in calls
            for action, arn in needs(service, operation, told)
            if not is_allowed(document, action, arn)
        }
    )


def unused(calls, document):
    """Give the rights of a policy that no call used."""
    asked = [pair for call in calls for pair in needs(*call)]
    return sorted(
        (action, pattern)
        for action, pattern in rights(document)
        if not any(action == act and matches(pattern, arn) for act, arn in asked)
    )
