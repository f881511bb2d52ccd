"""Who may tell of uploads."""

from tests.architecture.rules.book import gone, of_type, put, rule

ALLOWED = "stage/Resources/UploadsFromOurBuckets/Properties/PolicyDocument/Statement/1"
WANTED = {
    "Principal": {"Service": "s3.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": {"Fn::GetAtt": ["Uploads", "Arn"]},
}


@rule(
    gone(ALLOWED),
    put(f"{ALLOWED}/Condition/StringEquals", {}),
    put(f"{ALLOWED}/Action", "sqs:*"),
    put(f"{ALLOWED}/Principal", "*"),
)
def buckets_of_this_account_and_nobody_else_tell_of_uploads(templates):
    allowed = [
        each
        for policy in of_type(templates["stage"], "AWS::SQS::QueuePolicy").values()
        for each in policy["PolicyDocument"]["Statement"]
        if each["Effect"] == "Allow" and {"Ref": "Uploads"} in policy["Queues"]
    ]
    is_so = [
        each["Condition"].get("StringEquals", {}).keys() == {"aws:SourceAccount"} and WANTED.items() <= each.items()
        for each in allowed
    ]
    return [] if is_so == [True] else ["nobody may tell of uploads, or others than our own buckets may"]
