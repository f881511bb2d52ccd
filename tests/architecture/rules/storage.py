"""Queues, buckets and secrets."""

import json

from chalicelib.settings import Settings
from tests.architecture.rules.book import functions, gone, of_type, put, rule

QUEUE, BUCKET, SECRET = "AWS::SQS::Queue", "AWS::S3::Bucket", "AWS::SecretsManager::Secret"
LONG = 14 * 86_400  # what SQS keeps at most
RESOURCES = "stage/Resources"


def live(templates):
    found = of_type(templates["stage"], QUEUE)
    return {name: each for name, each in found.items() if not name.endswith("Dead")}


def plain_http_refused(statements):
    return any(
        each["Effect"] == "Deny"
        and each["Principal"] == "*"
        and each["Action"] in {"s3:*", "sqs:*"}
        and each["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        for each in statements
    )


@rule(
    gone(f"{RESOURCES}/Captures/Properties/RedrivePolicy"),
    put(f"{RESOURCES}/Comparisons/Properties/RedrivePolicy/deadLetterTargetArn/Fn::GetAtt/0", "CapturesDead"),
    put(f"{RESOURCES}/Notifications/Properties/RedrivePolicy/maxReceiveCount", 1),
)
def a_queue_has_its_own_dead_letter_queue(templates):
    wanted = Settings.of().queues.max_receives
    return [
        f"{name} does not send what failed {wanted} times to {name}Dead"
        for name, queue in live(templates).items()
        if queue.get("RedrivePolicy")
        != {"deadLetterTargetArn": {"Fn::GetAtt": [f"{name}Dead", "Arn"]}, "maxReceiveCount": wanted}
    ]


@rule(
    put(f"{RESOURCES}/CapturesDead/Properties/RedriveAllowPolicy/redrivePermission", "allowAll"),
    gone(f"{RESOURCES}/NotificationsDead/Properties/RedriveAllowPolicy"),
)
def a_dead_letter_queue_takes_from_its_own_queue_only(templates):
    queues = of_type(templates["stage"], QUEUE)
    allowed = {name: each.get("RedriveAllowPolicy", {}) for name, each in queues.items() if name.endswith("Dead")}
    return [
        f"{name} takes what anybody sends"
        for name, each in allowed.items()
        if each.get("redrivePermission") != "byQueue"
        or [arn.rpartition(":")[2] + "-dead" for arn in each["sourceQueueArns"]] != [queues[name]["QueueName"]]
    ]


@rule(
    put(f"{RESOURCES}/CapturesDead/Properties/MessageRetentionPeriod", 345_600),
    put(f"{RESOURCES}/Captures/Properties/MessageRetentionPeriod", LONG),
)
def dead_letters_are_kept_longer_than_living_ones(templates):
    """A dead letter's age counts from the day when it was first sent."""
    queues = of_type(templates["stage"], QUEUE)
    kept = {name: each["MessageRetentionPeriod"] for name, each in queues.items()}
    short = [f"{name} is emptied after {kept[name]} s" for name in kept if name.endswith("Dead") and kept[name] < LONG]
    late = [name for name in kept if not name.endswith("Dead") and kept[name] > LONG - 10 * 86_400]
    return short + [f"{name} sends on what is too old to be kept" for name in late]


@rule(
    put(f"{RESOURCES}/Captures/Properties/VisibilityTimeout", 600),
    gone(f"{RESOURCES}/Notifications/Properties/VisibilityTimeout"),
    put("app/Resources/CompareTile/Properties/Timeout", 121),
)
def a_message_stays_hidden_six_times_as_long_as_its_function_runs(templates):
    named = {queue["QueueName"]: queue for queue in live(templates).values()}
    complaints = []
    for name, function in functions(templates).items():
        for source in function.get("Events", {}).values():
            if source["Type"] == "SQS":
                queue = named.get(source["Properties"]["Queue"].rpartition(":")[2], {"VisibilityTimeout": 10**9})
                if queue.get("VisibilityTimeout", 30) < 6 * function["Timeout"]:
                    complaints.append(f"{name} may still run when its message is given to the next one")
    return complaints


@rule(
    put(f"{RESOURCES}/Comparisons/Properties/SqsManagedSseEnabled", value=False),
    gone(f"{RESOURCES}/NotificationsDead/Properties/SqsManagedSseEnabled"),
)
def queues_are_encrypted(templates):
    queues = of_type(templates["stage"], QUEUE)
    return [f"{name} is not encrypted" for name, each in queues.items() if each.get("SqsManagedSseEnabled") is not True]


@rule(
    gone(f"{RESOURCES}/QueuesOverTls/Properties/Queues/1"),
    put(f"{RESOURCES}/QueuesOverTls/Properties/PolicyDocument/Statement/0/Effect", "Allow"),
    gone(f"{RESOURCES}/QueuesOverTls"),
)
def queues_refuse_plain_http(templates):
    covered = {
        queue["Ref"]
        for policy in of_type(templates["stage"], "AWS::SQS::QueuePolicy").values()
        if plain_http_refused(policy["PolicyDocument"]["Statement"])
        for queue in policy["Queues"]
    }
    return [f"{name} answers without TLS" for name in of_type(templates["stage"], QUEUE) if name not in covered]


@rule(
    put("app/Resources/CaptureTile/Properties/Environment/Variables/BHUPRAHARI_COMPARISONS_QUEUE", "comparisons"),
    put("app/Resources/APIHandler/Properties/Environment/Variables/BHUPRAHARI_BUCKET", "bhuprahari-dev-images"),
    put("app/Resources/Reconcile/Properties/Environment/Variables/BHUPRAHARI_SECRETS_PREFIX", "bhuprahari/dev/"),
    put(
        "app/Resources/CompareTile/Properties/Events/CompareTileSqsEventSource/Properties/Queue",
        "arn:aws:sqs:us-east-1:111122223333:comparisons",
    ),
)
def functions_know_what_was_made_for_them(templates):
    stage = templates["stage"]
    queues = {each["QueueName"] for each in of_type(stage, QUEUE).values()}
    buckets = {each["BucketName"] for each in of_type(stage, BUCKET).values()}
    secrets = {each["Name"].rpartition("/")[0] + "/" for each in of_type(stage, SECRET).values()}
    complaints = []
    for name, function in functions(templates).items():
        knows = function["Environment"]["Variables"]
        made = {"_QUEUE": queues, "_BUCKET": buckets, "_PREFIX": secrets}
        for setting, text in knows.items():
            there = next((things for ending, things in made.items() if setting.endswith(ending)), {text})
            complaints += [] if text in there else [f"{name} looks for {text}, which nobody made"]
        for source in function.get("Events", {}).values():
            queue = str(source["Properties"].get("Queue", "")).rpartition(":")[2]
            complaints += [] if queue in queues | {""} else [f"{name} waits for {queue}, which nobody made"]
    return complaints


@rule(
    put(f"{RESOURCES}/Images/Properties/PublicAccessBlockConfiguration/BlockPublicPolicy", value=False),
    gone(f"{RESOURCES}/Artifacts/Properties/PublicAccessBlockConfiguration"),
    put(f"{RESOURCES}/Archive/Properties/OwnershipControls/Rules/0/ObjectOwnership", "ObjectWriter"),
)
def buckets_are_private(templates):
    doors = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    complaints = []
    for name, bucket in of_type(templates["stage"], BUCKET).items():
        shut = bucket.get("PublicAccessBlockConfiguration", {})
        complaints += [f"{name} leaves {door} open" for door in doors if shut.get(door) is not True]
        if bucket.get("OwnershipControls") != {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}:
            complaints.append(f"{name} lets whoever writes own what is written")
    return complaints


@rule(
    gone(f"{RESOURCES}/ArtifactsOverTls"),
    put(f"{RESOURCES}/ImagesOverTls/Properties/PolicyDocument/Statement/0/Condition/Bool/aws:SecureTransport", "true"),
    gone(f"{RESOURCES}/ArchiveOverTls/Properties/PolicyDocument/Statement/0/Resource/1"),
)
def buckets_refuse_plain_http(templates):
    covered = {
        policy["Bucket"]["Ref"]
        for policy in of_type(templates["stage"], "AWS::S3::BucketPolicy").values()
        if plain_http_refused(policy["PolicyDocument"]["Statement"])
        and any("/*" in json.dumps(each["Resource"]) for each in policy["PolicyDocument"]["Statement"])
    }
    return [f"{name} answers without TLS" for name in of_type(templates["stage"], BUCKET) if name not in covered]


@rule(gone(f"{RESOURCES}/Archive/Properties/BucketEncryption"))
def buckets_are_encrypted(templates):
    found = of_type(templates["stage"], BUCKET)
    return [f"{name} is not encrypted" for name, each in found.items() if "BucketEncryption" not in each]


@rule(put(f"{RESOURCES}/Images/Properties/VersioningConfiguration/Status", "Suspended"))
def buckets_are_versioned(templates):
    found = of_type(templates["stage"], BUCKET)
    return [
        f"{name} forgets what it is told to delete at once"
        for name, each in found.items()
        if each.get("VersioningConfiguration") != {"Status": "Enabled"}
    ]


@rule(
    gone(f"{RESOURCES}/Images/Properties/LifecycleConfiguration"),
    gone(f"{RESOURCES}/Archive/Properties/LifecycleConfiguration/Rules/1"),
    put(f"{RESOURCES}/Artifacts/Properties/LifecycleConfiguration/Rules/0/Status", "Disabled"),
)
def buckets_forget_old_versions_and_unfinished_uploads(templates):
    complaints = []
    for name, bucket in of_type(templates["stage"], BUCKET).items():
        rules = bucket.get("LifecycleConfiguration", {"Rules": []})["Rules"]
        does = {key for each in rules if each["Status"] == "Enabled" for key in each}
        wanted = {"NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"}
        complaints += [f"{name} has no {missing}" for missing in sorted(wanted - does)]
    return complaints


@rule(
    put(f"{RESOURCES}/Images/DeletionPolicy", "Delete"),
    put(f"{RESOURCES}/Images/DeletionPolicy", "Retain"),  # would be left by a first try that failed
    put(f"{RESOURCES}/Archive/UpdateReplacePolicy", "Delete"),
)
def pictures_outlive_the_stack(templates):
    kept = templates["stage"]["Resources"]
    return [
        f"{name} goes with the stack, or is left by one that was never made"
        for name in ("Images", "Archive")
        if name in kept
        and (kept[name]["DeletionPolicy"], kept[name]["UpdateReplacePolicy"]) != ("RetainExceptOnCreate", "Retain")
    ]


@rule(
    put(f"{RESOURCES}/TokenKeys/Properties/SecretString", "abc"),
    put("stage/Parameters/DatabasePassword", {"Type": "String"}),
    put("stage/Outputs/Password", {"Value": "x"}),
)
def no_secrets_value_stands_in_a_template(templates):
    complaints = [
        f"{name} has its value in the template"
        for name, secret in of_type(templates["stage"], SECRET).items()
        if "SecretString" in secret
    ]
    for part, template in templates.items():
        named = [*template.get("Parameters", {}), *template.get("Outputs", {})]
        complaints += [f"{part} hands {name} through" for name in named if "Password" in name]
    return complaints


@rule(
    gone(f"{RESOURCES}/LinkKey"),
    put(f"{RESOURCES}/TokenKeys/Properties/Name", "bhuprahari/prod/tokens"),
    put("stage/Outputs/FirebaseSecret/Value", "bhuprahari/prod/firebase"),
)
def each_secret_that_is_read_has_its_place(templates):
    chosen = Settings.of().by_name()
    prefix = functions(templates)["Reconcile"]["Environment"]["Variables"]["BHUPRAHARI_STAGE"]
    read = ("database_secret", "token_secret", "link_secret", "fcm_secret")
    wanted = {f"bhuprahari/{prefix}/{chosen[name]}" for name in read}
    made = {each["Name"] for each in of_type(templates["stage"], SECRET).values()}
    told = {each["Value"] for name, each in templates["stage"]["Outputs"].items() if name.endswith("Secret")}
    return [f"{name} is missing among the secrets or the outputs" for name in sorted(wanted - (made & told))]
