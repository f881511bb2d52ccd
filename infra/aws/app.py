"""Writes app.json, what `chalice package --merge-template` puts over Chalice's template: python -m infra.aws.app.

Functions are named after the stack, as `chalice deploy` names them: bhuprahari-STAGE, and bhuprahari-STAGE-reconcile.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from chalicelib.api.problems import MEDIA_TYPE, problem

Json = dict[str, Any]
PLACE = Path(__file__).with_name("app.json")
FUNCTIONS = {  # Chalice's logical name: its name in .chalice/config.json
    "APIHandler": "api_handler",
    "CaptureAreas": "capture_areas",
    "CaptureTile": "capture_tile",
    "CompareTile": "compare_tile",
    "ImportAreas": "import_areas",
    "IndexUploads": "index_uploads",
    "Migrate": "migrate",
    "NotifySession": "notify_session",
    "Operate": "operate",
    "Reconcile": "reconcile",
}
REFUSALS = {  # what API Gateway answers itself, before any function is asked
    "ACCESS_DENIED": (403, "this is not allowed"),
    "BAD_REQUEST_BODY": (400, "the body cannot be read"),
    "BAD_REQUEST_PARAMETERS": (400, "a parameter is missing or wrong"),
    "DEFAULT_4XX": (400, "the request cannot be understood"),
    "DEFAULT_5XX": (500, "something went wrong here; try again"),
    "INTEGRATION_FAILURE": (504, "the service did not answer; try again"),
    "INTEGRATION_TIMEOUT": (504, "the answer took too long; try again"),
    "MISSING_AUTHENTICATION_TOKEN": (404, "there is nothing at this path"),  # API Gateway's name for an unknown path
    "QUOTA_EXCEEDED": (429, "too many requests; try again later"),
    "REQUEST_TOO_LARGE": (413, "the body is too large"),
    "RESOURCE_NOT_FOUND": (404, "there is nothing at this path"),
    "THROTTLED": (429, "too many requests; try again in a moment"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "send application/json"),
    "WAF_FILTERED": (403, "this is not allowed"),
}
NOTHING = {"Ref": "AWS::NoValue"}


def _function(name: str) -> Json:
    own: Json = {
        "FunctionName": {"Fn::Sub": "${AWS::StackName}" + ("" if name == "api_handler" else f"-{name}")},
        "VpcConfig": {
            "SubnetIds": {"Fn::Split": [",", {"Ref": "SubnetIds"}]},
            "SecurityGroupIds": [{"Ref": "SecurityGroupId"}],
            "Ipv6AllowedForDualStack": {"Fn::If": ["OverIpv6", True, NOTHING]},
        },
        "Environment": {
            "Variables": {
                "AWS_ENDPOINT_URL_SQS": {
                    "Fn::If": ["OverIpv6", {"Fn::Sub": "https://sqs.${AWS::Region}.api.aws"}, NOTHING]
                }
            }
        },
    }
    if name == "reconcile":  # the next one comes in a minute: a late one is of no use
        own["EventInvokeConfig"] = {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}
    if name == "capture_areas":
        own["EventInvokeConfig"] = {"MaximumEventAgeInSeconds": 300, "MaximumRetryAttempts": 1}
    return {"Properties": own}


def _refusal(status: int, sentence: str) -> Json:
    body = problem(status, sentence).body | {"instance": "$context.requestId"}
    # One origin is answered as it is; of several, API Gateway can only return the one that asked.
    origin = {
        "Fn::If": [
            "NoOrigin",
            NOTHING,
            {"Fn::If": ["OneOrigin", {"Fn::Sub": "'${AllowedOrigins}'"}, "method.request.header.Origin"]},
        ]
    }
    headers: Json = {
        "Content-Type": f"'{MEDIA_TYPE}'",
        "Access-Control-Allow-Origin": origin,
        "Vary": "'Origin'",
        "Cache-Control": "'no-store'",
    }
    if status == 429:
        headers["Retry-After"] = "'5'"
    return {
        "StatusCode": status,
        "ResponseParameters": {"Headers": headers},
        "ResponseTemplates": {"application/json": json.dumps(body)},
    }


def template() -> Json:
    """Make the merge template: dictionaries merge into Chalice's, lists and texts replace what it has."""
    api: Json = {
        "Name": {"Fn::Sub": "${AWS::StackName}"},
        "TracingEnabled": True,
        "MethodSettings": [
            {
                "ResourcePath": "/*",
                "HttpMethod": "*",
                "ThrottlingRateLimit": {"Ref": "RequestsPerSecond"},
                "ThrottlingBurstLimit": {"Ref": "RequestsAtOnce"},
                "MetricsEnabled": False,  # by method: paid for each; those of the whole API are always there
                "DataTraceEnabled": False,  # it would log bodies
            }
        ],
        "GatewayResponses": {name: _refusal(*REFUSALS[name]) for name in sorted(REFUSALS)},
    }
    return {
        "Parameters": {
            "SubnetIds": {"Type": "String", "Description": "SubnetIds of the stack bhuprahari-STAGE-infra"},
            "SecurityGroupId": {"Type": "String", "Description": "SecurityGroupId of bhuprahari-STAGE-infra"},
            "NeedsIpv6": {
                "Type": "String",
                "AllowedValues": ["true", "false"],
                "Description": "NeedsIpv6 of bhuprahari-STAGE-infra",
            },
            "AllowedOrigins": {"Type": "String", "Default": "", "Description": "ALLOWED_ORIGINS of the stage"},
            "DomainName": {"Type": "String", "Default": "", "Description": "As in bhuprahari-STAGE-infra"},
            "RequestsPerSecond": {"Type": "Number", "Default": 50},
            "RequestsAtOnce": {"Type": "Number", "Default": 100},
        },
        "Conditions": {
            "OverIpv6": {"Fn::Equals": [{"Ref": "NeedsIpv6"}, "true"]},
            "NoOrigin": {"Fn::Equals": [{"Ref": "AllowedOrigins"}, ""]},
            "OneOrigin": {
                "Fn::Equals": [
                    {"Fn::Select": [0, {"Fn::Split": [",", {"Ref": "AllowedOrigins"}]}]},
                    {"Ref": "AllowedOrigins"},
                ]
            },
            "WithDomain": {"Fn::Not": [{"Fn::Equals": [{"Ref": "DomainName"}, ""]}]},
        },
        "Resources": {
            **{logical: _function(name) for logical, name in FUNCTIONS.items()},
            "RestAPI": {"Properties": api},
            "DomainMapping": {
                "Type": "AWS::ApiGateway::BasePathMapping",
                "Condition": "WithDomain",
                "Properties": {
                    "DomainName": {"Ref": "DomainName"},
                    "RestApiId": {"Ref": "RestAPI"},
                    "Stage": {"Ref": "RestAPI.Stage"},
                },
            },
        },
        "Outputs": {
            "ApiName": {"Value": {"Fn::Sub": "${AWS::StackName}"}},
            "CustomUrl": {"Condition": "WithDomain", "Value": {"Fn::Sub": "https://${DomainName}/"}},
        },
    }


def text() -> str:
    """Return what app.json has to be."""
    return json.dumps(template(), indent=2) + "\n"


if __name__ == "__main__":
    PLACE.write_text(text(), encoding="utf-8")
    sys.stdout.write("wrote infra/aws/app.json\n")
