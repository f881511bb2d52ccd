"""The functions, their roles and the API."""

import json
import re

from chalicelib.api.problems import MEDIA_TYPE, Problem
from tests.architecture.rules.book import functions, gone, of_type, put, rule

APP = "app/Resources"
API = f"{APP}/RestAPI/Properties"
ACCOUNT, UNRESERVED = 1000, 100  # AWS's defaults: at once in an account, and what nobody may reserve
# AWS scopes these to no resource; they are the only ones that may stand beside *.
UNSCOPED = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
}
STATEMENT = f"{APP}/ReconcileRole/Properties/Policies/0/PolicyDocument/Statement/0"


def listed(value):
    return value if isinstance(value, list) else [value]


def statements(templates):
    for name, role in of_type(templates["app"], "AWS::IAM::Role").items():
        for policy in role["Policies"]:
            for each in policy["PolicyDocument"]["Statement"]:
                yield name, each


def names_ours(stage, arn):
    """Say whether an ARN names a thing of this stage's alone, whole: only AWS's own ends may be left open."""
    named = arn.partition(":::")[2] or ":".join(arn.split(":")[5:])
    secret = rf"secret:bhuprahari/{stage}/[\w-]+-\?{{6}}"
    other = rf"(log-group:/aws/lambda/)?bhuprahari-{stage}(-\w+)*(:\*|/((doctor|imports|exports)/)?\*)?"
    return re.fullmatch(f"{secret}|{other}", named) is not None


def refusals(templates):
    return templates["app"]["Resources"]["RestAPI"]["Properties"].get("GatewayResponses", {})


@rule(
    put(f"{STATEMENT}/Resource", "*"),
    put(f"{STATEMENT}/Resource", ["arn:aws:secretsmanager:*:*:*"]),
    put(f"{STATEMENT}/Action", ["secretsmanager:*"]),
    put(f"{STATEMENT}/Resource", ["arn:aws:secretsmanager:*:*:secret:rds!db-*"]),
    put(f"{STATEMENT}/Resource", ["arn:aws:secretsmanager:*:*:secret:bhuprahari/*/database-url-??????"]),
    put(f"{STATEMENT}/Resource", ["arn:aws:secretsmanager:*:*:secret:bhuprahari/dev/database-url-??????"]),
    put(f"{STATEMENT}/Resource", ["arn:aws:sqs:*:*:bhuprahari-*-captures"]),
    put(f"{STATEMENT}/Resource", ["arn:aws:s3:::bhuprahari-prod*"]),
    put(f"{STATEMENT}/NotAction", "iam:*"),
)
def no_role_allows_more_than_it_names(templates):
    complaints = []
    stage = functions(templates)["Reconcile"]["Environment"]["Variables"]["BHUPRAHARI_STAGE"]
    for name, each in statements(templates):
        actions = listed(each.get("Action", []))
        if each["Effect"] != "Allow":
            continue
        if "NotAction" in each or "NotResource" in each or any("*" in action for action in actions):
            complaints.append(f"{name} allows {actions} and more")
        wide = [arn for arn in listed(each["Resource"]) if arn == "*" or not names_ours(stage, arn)]
        if wide and not set(actions) <= UNSCOPED:
            complaints.append(f"{name} allows {actions} on {wide}")
    return complaints


@rule(
    put(f"{APP}/Reconcile/Properties/Role/Fn::GetAtt/0", "MigrateRole"),
    put(
        f"{APP}/ReconcileRole/Properties/AssumeRolePolicyDocument/Statement/0/Principal",
        {"AWS": "arn:aws:iam::111122223333:root"},
    ),
)
def each_function_has_a_role_of_its_own_that_only_lambda_takes(templates):
    takes = {name: each["Role"]["Fn::GetAtt"][0] for name, each in functions(templates).items()}
    twice = sorted(name for name, role in takes.items() if list(takes.values()).count(role) > 1)
    complaints = [f"{name} shares its role" for name in twice]
    return complaints + [
        f"{name} is taken by {each['Principal']}"
        for name, role in of_type(templates["app"], "AWS::IAM::Role").items()
        for each in role["AssumeRolePolicyDocument"]["Statement"]
        if each["Principal"] != {"Service": "lambda.amazonaws.com"}
    ]


@rule(
    put(f"{APP}/APIHandler/Properties/Environment/Variables/BHUPRAHARI_SECRET_TOKEN_KEYS", "x"),
    put(f"{APP}/Reconcile/Properties/Environment/Variables/BHUPRAHARI_DATABASE_URL", "mysql+pymysql://h/d"),
    put(f"{APP}/Reconcile/Properties/Environment/Variables/BHUPRAHARI_HOME", "mysql://user:word@host/d"),
    put(f"{APP}/CaptureTile/Properties/Environment/Variables/BHUPRAHARI_LOG_LEVEL", "AIza" + "x" * 35),
)
def no_environment_holds_a_secret(templates):
    """Names of secrets are no secrets: BHUPRAHARI_..._SECRET and BHUPRAHARI_SECRETS_... say where to look."""
    telling = re.compile(r"PASSWORD|DATABASE_URL|BHUPRAHARI_SECRET_|PRIVATE")
    looking = re.compile(r"://[^/]*:[^/]*@|-----BEGIN|AKIA[A-Z0-9]{16}|AIza[\w-]{35}|\b[A-Fa-f0-9]{32,}\b")
    return [
        f"{name} has {variable} in its environment"
        for name, function in functions(templates).items()
        for variable, text in function["Environment"]["Variables"].items()
        if telling.search(variable) or looking.search(text)
    ]


@rule(
    gone(f"{APP}/Migrate/Properties/ReservedConcurrentExecutions"),
    put(f"{APP}/NotifySession/Properties/ReservedConcurrentExecutions", 1),
    put("stage/Outputs/MaxConcurrency/Value", 20),
)
def concurrency_is_reserved_and_the_queues_stay_within_it(templates):
    """A queue that asks for more than its function may run throws messages at it until they are dead."""
    workers = templates["stage"]["Outputs"]["MaxConcurrency"]["Value"]
    reserved = {name: each.get("ReservedConcurrentExecutions") for name, each in functions(templates).items()}
    complaints = [f"{name} may take every connection there is" for name, number in reserved.items() if not number]
    asking = []
    for name, function in functions(templates).items():
        for source in function.get("Events", {}).values():
            asked = source["Properties"].get("ScalingConfig", {}).get("MaximumConcurrency", ACCOUNT)
            if source["Type"] == "SQS":
                asking.append(asked)
                if asked != reserved[name]:
                    complaints.append(f"{name}'s queue asks for {asked} at once, {reserved[name]} are reserved")
    if max(asking) != workers:
        complaints.append(f"the stage is made for {workers} workers, the queues ask for {max(asking)}")
    if sum(number or 0 for number in reserved.values()) > ACCOUNT - UNRESERVED:
        complaints.append("an account does not let so much be reserved")
    return complaints


@rule(
    gone("stage/Resources/ReconcileLog"),
    gone("stage/Resources/MigrateLog/Properties/RetentionInDays"),
    gone(f"{APP}/CaptureTile/Properties/FunctionName"),
    put(f"{APP}/CompareTile/Properties/LoggingConfig", {"LogGroup": "/aws/lambda/elsewhere"}),
)
def every_functions_log_ends_some_day(templates):
    groups = of_type(templates["stage"], "AWS::Logs::LogGroup").values()
    ending = {each["LogGroupName"] for each in groups if "RetentionInDays" in each}
    writes = {
        name: each.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{each.get('FunctionName')}")
        for name, each in functions(templates).items()
    }
    return [f"{name}'s log {group} is kept for ever" for name, group in writes.items() if group not in ending]


@rule(
    put(f"{APP}/APIHandler/Properties/Tracing", "PassThrough"),
    gone(f"{API}/TracingEnabled"),
)
def the_api_and_its_functions_are_traced(templates):
    untraced = [name for name, each in functions(templates).items() if each.get("Tracing") != "Active"]
    complaints = [f"{name} is not traced" for name in untraced]
    api = templates["app"]["Resources"]["RestAPI"]["Properties"]
    return complaints if api.get("TracingEnabled") is True else [*complaints, "the API is not traced"]


@rule(
    gone(f"{API}/MethodSettings"),
    put(f"{API}/MethodSettings/0/ResourcePath", "/areas"),
    put(f"{API}/MethodSettings/0/DataTraceEnabled", value=True),
    put("app/Parameters/RequestsPerSecond/Default", 10_000),
)
def the_api_is_throttled_and_logs_no_bodies(templates):
    api = templates["app"]["Resources"]["RestAPI"]["Properties"]
    settings = api.get("MethodSettings", [])
    whole = [each for each in settings if (each["ResourcePath"], each["HttpMethod"]) == ("/*", "*")]
    default = templates["app"]["Parameters"]["RequestsPerSecond"]["Default"]
    slowed = [each for each in whole if 0 < each["ThrottlingRateLimit"] <= 100 and default <= 100]
    complaints = [] if slowed else ["anybody may ask as often as the account can bear"]
    return complaints + ["bodies are logged" for each in whole if each["DataTraceEnabled"]]


@rule(
    gone(f"{API}/GatewayResponses"),
    put(f"{API}/GatewayResponses/THROTTLED/ResponseTemplates/application~json", '{"message":$context.message}'),
    put(f"{API}/GatewayResponses/DEFAULT_5XX/StatusCode", 503),
    gone(f"{API}/GatewayResponses/DEFAULT_4XX/ResponseParameters/Headers/Content-Type"),
)
def what_the_gateway_refuses_looks_like_what_the_app_refuses(templates):
    complaints = [] if {"DEFAULT_4XX", "DEFAULT_5XX"} <= set(refusals(templates)) else ["the gateway answers by itself"]
    for name, each in refusals(templates).items():
        try:
            bodies = [json.loads(text) for text in each["ResponseTemplates"].values()]
        except ValueError:
            bodies = [{}]
        right = all(set(body) == set(Problem.model_fields) and body["status"] == each["StatusCode"] for body in bodies)
        kind = each["ResponseParameters"]["Headers"].get("Content-Type")
        if not (bodies and right and kind == f"'{MEDIA_TYPE}'"):
            complaints.append(f"{name} has not the shape of the contract")
    return complaints


@rule(
    gone(f"{API}/GatewayResponses/THROTTLED/ResponseParameters/Headers/Access-Control-Allow-Origin"),
    put(f"{API}/GatewayResponses/DEFAULT_4XX/ResponseParameters/Headers/Access-Control-Allow-Origin", "'*'"),
    gone(f"{API}/GatewayResponses/DEFAULT_5XX/ResponseParameters/Headers/Vary"),
)
def the_console_may_read_what_the_gateway_refuses(templates):
    wanted = {"Access-Control-Allow-Origin": "'https://console.example'", "Vary": "'Origin'"}
    return [
        f"{name} is hidden from the console by the browser, or open to others"
        for name, each in refusals(templates).items()
        if not wanted.items() <= each["ResponseParameters"]["Headers"].items()
    ]


@rule(
    put(f"{API}/EndpointConfiguration", "EDGE"),
    put("stage/Resources/Domain/Properties/SecurityPolicy", "TLS_1_0"),
    gone(f"{APP}/DomainMapping"),
    DomainName="api.example.org",
    HostedZoneId="Z0EXAMPLE",
)
def the_api_is_regional_and_its_own_name_leads_to_it_by_tls_1_2(templates):
    api = templates["app"]["Resources"]["RestAPI"]["Properties"]["EndpointConfiguration"]
    complaints = [] if api == "REGIONAL" else ["the API is not regional"]
    mapped = {each["DomainName"] for each in of_type(templates["app"], "AWS::ApiGateway::BasePathMapping").values()}
    for name in of_type(templates["stage"], "AWS::ApiGateway::DomainName").values():
        if name["SecurityPolicy"] != "TLS_1_2" or name["EndpointConfiguration"] != {"Types": ["REGIONAL"]}:
            complaints.append(f"{name['DomainName']} takes old TLS")
        if name["DomainName"] not in mapped:
            complaints.append(f"{name['DomainName']} leads nowhere")
    return complaints


TOGETHER = {"IndexUploads"}  # one look at the archive answers all of a batch: there is nothing to fail alone


@rule(
    put(f"{APP}/CompareTile/Properties/Events/CompareTileSqsEventSource/Properties/BatchSize", 10),
)
def a_failed_message_takes_no_other_with_it(templates):
    return [
        f"{name} takes several messages at once, and cannot say which of them failed"
        for name, each in functions(templates).items()
        for source in each.get("Events", {}).values()
        if source["Type"] == "SQS"
        and name not in TOGETHER
        and source["Properties"]["BatchSize"] > 1
        and "ReportBatchItemFailures" not in source["Properties"].get("FunctionResponseTypes", [])
    ]


@rule(
    gone(f"{APP}/Reconcile/Properties/EventInvokeConfig"),
    put(f"{APP}/CaptureAreas/Properties/EventInvokeConfig/MaximumEventAgeInSeconds", 21_600),
)
def what_a_schedule_starts_late_is_let_go(templates):
    return [
        f"{name} may be started by a schedule of hours ago"
        for name, each in functions(templates).items()
        if "Schedule" in {source["Type"] for source in each.get("Events", {}).values()}
        and each.get("EventInvokeConfig", {}).get("MaximumEventAgeInSeconds", 21_600) > 300
    ]
