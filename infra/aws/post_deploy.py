"""What a stage needs after `chalice deploy` and Chalice has no key for: set through AWS's own API.

Production gets the same from infra/aws/app.json, which is also read here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws import code
from infra.aws.account import Account
from infra.aws.configuration import Configuration
from infra.errors import OperatorError

MERGED = Path("infra") / "aws" / "app.json"
THROTTLING = ("RequestsPerSecond", "rateLimit"), ("RequestsAtOnce", "burstLimit")


def finish(account: Account, root: Path, configuration: Configuration, api_id: str, outputs: Mapping[str, str]) -> None:
    """Set the gateway's own answers, throttling and IPv6; check the mappings. Raises OperatorError."""
    try:
        template = json.loads((root / MERGED).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OperatorError(f"{MERGED} cannot be read: {error}") from error
    if outputs.get("NeedsIpv6") == "true":
        names = [configuration.name_of(function) for function in configuration.functions]
        join_network(account, configuration, outputs, names)
        print("functions: IPv6 allowed")
    _let_go(account, configuration, template)
    _api(account, configuration, api_id, template)
    _check_mappings(account, configuration)


def map_domain(account: Account, configuration: Configuration, api_id: str, domain: str) -> None:
    """Map the stage's own domain to its API."""
    wanted = {"restApiId": api_id, "stage": configuration.api_stage}
    if not any(wanted.items() <= each.items() for each in _mapped(account, domain)):
        unmap_domain(account, domain)  # it led to an API that is gone
        account.client("apigateway").create_base_path_mapping(domainName=domain, **wanted)
    print(f"API: https://{domain} leads to it")


def unmap_domain(account: Account, domain: str) -> None:
    """Remove the mapping of the stage's own domain."""
    for each in _mapped(account, domain):
        account.client("apigateway").delete_base_path_mapping(domainName=domain, basePath=each["basePath"])


def _mapped(account: Account, domain: str) -> list[dict[str, Any]]:
    try:
        return list(account.client("apigateway").get_base_path_mappings(domainName=domain).get("items", []))
    except ClientError as error:
        if code(error) != "NotFoundException":
            raise
        return []


def join_network(account: Account, configuration: Configuration, outputs: Mapping[str, str], names: list[str]) -> None:
    """Put functions into the stage's network with its IPv6, which Chalice's updates leave out."""
    client = account.client("lambda")
    network = {
        "SubnetIds": configuration.stage["subnet_ids"],
        "SecurityGroupIds": configuration.stage["security_group_ids"],
    }
    if outputs.get("NeedsIpv6") == "true":
        network["Ipv6AllowedForDualStack"] = True
    for name in names:
        client.get_waiter("function_updated_v2").wait(FunctionName=name)
        client.update_function_configuration(FunctionName=name, VpcConfig=network)
    for name in names:
        client.get_waiter("function_updated_v2").wait(FunctionName=name)


def _let_go(account: Account, configuration: Configuration, template: dict[str, Any]) -> None:
    """Limit how late a schedule's event may come: the next one is on its way."""
    for each in template["Resources"].values():
        if limits := each["Properties"].get("EventInvokeConfig"):
            suffix = each["Properties"]["FunctionName"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
            client = account.client("lambda")
            client.put_function_event_invoke_config(FunctionName=configuration.name_of(suffix), **limits)


def _api(account: Account, configuration: Configuration, api_id: str, template: dict[str, Any]) -> None:
    client, stage = account.client("apigateway"), configuration.api_stage
    answers = template["Resources"]["RestAPI"]["Properties"]["GatewayResponses"]
    origins = configuration.environment.get("BHUPRAHARI_ALLOWED_ORIGINS", "")
    for kind, answer in answers.items():
        headers = {name: _chosen(text, origins) for name, text in answer["ResponseParameters"]["Headers"].items()}
        client.put_gateway_response(
            restApiId=api_id,
            responseType=kind,
            **({"statusCode": str(answer["StatusCode"])} if "StatusCode" in answer else {}),
            responseParameters={f"gatewayresponse.header.{name}": text for name, text in headers.items() if text},
            responseTemplates=answer.get("ResponseTemplates", {}),
        )
    client.create_deployment(restApiId=api_id, stageName=stage)
    limits = [
        {"op": "replace", "path": f"/*/*/throttling/{path}", "value": str(template["Parameters"][name]["Default"])}
        for name, path in THROTTLING
        if name in template.get("Parameters", {})
    ]
    if limits:
        client.update_stage(restApiId=api_id, stageName=stage, patchOperations=limits)
    print(f"API: {len(answers)} gateway answers" + "".join(f", {each['path'][16:]} {each['value']}" for each in limits))


def _chosen(text: Any, origins: str) -> str:  # noqa: ANN401 (a text, or CloudFormation's Fn::If)
    """Choose by the stage's origins as CloudFormation would; "" leaves the header out."""
    if isinstance(text, str):
        return text
    if "Fn::Sub" in text:
        return str(text["Fn::Sub"]).replace("${AllowedOrigins}", origins)
    if "Fn::If" not in text:
        return ""
    condition, yes, no = text["Fn::If"]
    is_so = {"NoOrigin": not origins, "OneOrigin": "," not in origins}[condition]
    return _chosen(yes if is_so else no, origins)


def _check_mappings(account: Account, configuration: Configuration) -> None:
    """Make sure that each queue starts its function, once, and one job at a time; uploads come together."""
    client = account.client("lambda")
    one_by_one = ("capture_tile", "compare_tile", "notify_session", "import_areas")
    for function, at_once in (*((each, 1) for each in one_by_one), ("index_uploads", 1000)):
        name = configuration.name_of(function)
        arn = client.get_function_configuration(FunctionName=name)["FunctionArn"]
        found = client.list_event_source_mappings(FunctionName=arn)["EventSourceMappings"]
        if [each["BatchSize"] for each in found] != [at_once]:
            raise OperatorError(
                f"{name} must be started by one queue with {at_once} messages at a time, and is by "
                f"{[(each['EventSourceArn'], each['BatchSize']) for each in found]}: remove the rest in the console"
            )
